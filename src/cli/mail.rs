//! `proviso mail preview`: what each mail looks like.

use std::process::ExitCode;

use serde_json::json;

use super::outcome::{Answer, Unusable, tell};
use crate::outbox::{PREVIEWS, preview};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Prints a mail as it leaves, made from made-up facts; without a name it lists the mails
    Preview(Preview),
}

#[derive(Debug, clap::Args)]
struct Preview {
    /// Which mail
    template: Option<String>,
    /// Print the HTML part in place of the text
    #[arg(long)]
    html: bool,
    /// Print JSON with both parts
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args) -> ExitCode {
    let Action::Preview(Preview { template, html, json }) = &args.action;
    tell(shown(template.as_deref(), *html), *json)
}

fn shown(template: Option<&str>, html: bool) -> Result<Answer, Unusable> {
    let Some(name) = template else {
        return Ok(Answer::fine(PREVIEWS.join("\n"), json!({ "templates": PREVIEWS })));
    };
    let Some(mail) = preview(name) else {
        return Err(Unusable(format!("there is no mail \"{name}\"; there are {}", PREVIEWS.join(", "))));
    };
    let text = if html { mail.html.clone() } else { format!("Subject: {}\n\n{}", mail.subject, mail.text) };
    Ok(Answer::fine(text.trim_end(), json!({ "template": name, "subject": mail.subject, "text": mail.text, "html": mail.html })))
}
