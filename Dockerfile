# The compiler stays in the first stage; the image holds the binary and the certificates of public authorities.
FROM rust:1.95-slim-trixie AS build
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --locked --profile dist --bin proviso && cp target/dist/proviso /usr/local/bin/proviso

FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/proviso --create-home --shell /usr/sbin/nologin proviso
COPY --from=build /usr/local/bin/proviso /usr/local/bin/proviso
USER proviso
WORKDIR /var/lib/proviso
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["proviso"]
CMD ["serve", "--listen", "0.0.0.0:8080"]
