//! What the package holds beside the program: made from the command line and the shipped configuration, and kept in
//! `deploy/`, so that packagers need nothing but the repository.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// Set to anything, it lets the test write the files instead of comparing them.
const WRITE: &str = "WRITE_PACKAGED";

#[test]
fn manual_pages_completions_and_the_packages_configuration_are_those_of_the_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut made = BTreeMap::new();
    let mut program = npcc_feeds::cli::command_line().disable_help_subcommand(true);
    program.build();
    manual("npcc-feeds", &program, &mut made);
    completions(&mut made);
    let shipped = std::fs::read_to_string(root.join("config/npcc-feeds.toml")).unwrap();
    made.insert(
        "deploy/debian/npcc-feeds.toml".into(),
        absolute(&shipped).into_bytes(),
    );

    if std::env::var_os(WRITE).is_some() {
        for (path, bytes) in &made {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }
    for folder in ["deploy/man", "deploy/completions"] {
        for file in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = Path::new(folder).join(file.unwrap().file_name());
            assert!(
                made.contains_key(&path),
                "{} belongs to nothing",
                path.display()
            );
        }
    }
    for (path, bytes) in made {
        let there = std::fs::read(root.join(&path)).unwrap_or_default();
        assert!(
            there == bytes,
            "{} is not as the program would have it: {WRITE}=1 cargo test packaged",
            path.display()
        );
    }
}

/// The manual pages of a command and of those below it.
fn manual(name: &str, command: &clap::Command, made: &mut BTreeMap<PathBuf, Vec<u8>>) {
    let mut page = Vec::new();
    let man = Man::new(command.clone().display_name(name.replace(' ', "-")))
        .title(name.replace(' ', "-"))
        .manual("npcc-feeds");
    man.render_title(&mut page).unwrap();
    man.render_name_section(&mut page).unwrap();
    man.render_synopsis_section(&mut page).unwrap();
    man.render_description_section(&mut page).unwrap();
    man.render_options_section(&mut page).unwrap();
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page).unwrap();
    }
    ending(name == "npcc-feeds").to_writer(&mut page).unwrap();
    made.insert(
        format!("deploy/man/{}.1", name.replace(' ', "-")).into(),
        page,
    );
    for one in command.get_subcommands() {
        manual(&format!("{name} {}", one.get_name()), one, made);
    }
}

/// What clap knows nothing of.
fn ending(is_program: bool) -> Roff {
    let mut roff = Roff::new();
    let mut listed = |heading: &str, lines: &[(&str, &str)]| {
        roff.control("SH", [heading]);
        for (term, meaning) in lines {
            roff.control("TP", []);
            roff.text([bold(*term)]);
            roff.text([roman(*meaning)]);
        }
    };
    let statuses = [
        ("0", "All was done."),
        ("1", "Something failed; standard error says what."),
        ("2", "The command was called wrongly."),
        (
            "78",
            "The configuration or the taxonomy is wrong; npcc-feeds check says where.",
        ),
    ];
    listed("EXIT STATUS", &statuses);
    if is_program {
        listed(
            "FILES",
            &[
                (
                    "/etc/npcc-feeds/npcc-feeds.toml",
                    "The configuration, unless --config, NPCC_FEEDS_CONFIG or ./config/npcc-feeds.toml is there. Each key has a \
                     line on it. A running service takes a changed one by systemctl reload npcc-feeds.",
                ),
                (
                    "/etc/npcc-feeds/topics.toml",
                    "The topics and the phrases that tell them.",
                ),
                (
                    "/var/lib/npcc-feeds/npcc-feeds.db",
                    "The store of the service. Commands on it run as its user: sudo -u npcc-feeds npcc-feeds releases.",
                ),
            ],
        );
        listed(
            "ENVIRONMENT",
            &[
                ("NPCC_FEEDS_CONFIG", "The configuration's file."),
                (
                    "NPCC_FEEDS_SECTION__KEY",
                    "One key of the configuration, as NPCC_FEEDS_SERVE__LISTEN=0.0.0.0:8611.",
                ),
            ],
        );
    }
    roff
}

fn completions(made: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for (shell, file) in [
        (Shell::Bash, "npcc-feeds.bash"),
        (Shell::Zsh, "_npcc-feeds"),
        (Shell::Fish, "npcc-feeds.fish"),
    ] {
        let mut script = Vec::new();
        let mut program = npcc_feeds::cli::command_line();
        clap_complete::generate(shell, &mut program, "npcc-feeds", &mut script);
        made.insert(format!("deploy/completions/{file}").into(), script);
    }
}

/// The shipped configuration with the places that a service has, from whichever folder a command is called.
fn absolute(shipped: &str) -> String {
    let mut replaced = 0;
    let lines = shipped.lines().map(|line| {
        let other = match line {
            _ if line.starts_with("url = ") => {
                r#"url = "sqlite:/var/lib/npcc-feeds/npcc-feeds.db""#
            }
            _ if line.starts_with("topics = ") => r#"topics = "/etc/npcc-feeds/topics.toml""#,
            _ => return format!("{line}\n"),
        };
        replaced += 1;
        format!("{other}\n")
    });
    let made = lines.collect();
    assert_eq!(replaced, 2);
    made
}
