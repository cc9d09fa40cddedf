mod known;
mod oracle;
mod properties;
mod units;
