mod known;
mod oracle;
mod properties;
