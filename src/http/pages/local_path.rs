//! Where to go on after signing in: an address of this server or none.

/// Longest address that is kept.
const LONGEST: usize = 500;

/// Keeps `text` if it is a path of this server that a browser cannot take for another host.
pub fn local_path(text: &str) -> Option<&str> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let rooted = text.starts_with('/') && !text.starts_with("//");
    let away = ["/sign-in", "/sign-out"].iter().any(|path| text.split(['?', '#']).next() == Some(path));
    (plain && rooted && !away && text.len() <= LONGEST).then_some(text)
}

/// The sign-in page that leads back to `path`.
pub fn sign_in_then(path: &str) -> String {
    match local_path(path) {
        None | Some("/") => "/sign-in".to_owned(),
        Some(path) => {
            let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", path).finish();
            format!("/sign-in?{query}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_server_are_followed() {
        assert_eq!(local_path("/tasks/1?x=1#f"), Some("/tasks/1?x=1#f"));
        for bad in ["", "tasks", "//evil.example", "/\\evil.example", "https://evil.example", "/a\r\nLocation: x", "/sign-in?next=/sign-in"]
        {
            assert_eq!(local_path(bad), None, "{bad:?}");
        }
        assert_eq!(local_path(&format!("/{}", "a".repeat(LONGEST))), None);
    }

    #[test]
    fn the_way_back_is_one_parameter() {
        assert_eq!(sign_in_then("/inbox?q=a&state=open"), "/sign-in?next=%2Finbox%3Fq%3Da%26state%3Dopen");
        assert_eq!(sign_in_then("//evil.example"), "/sign-in");
    }
}
