# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_npcc_feeds_global_optspecs
    string join \n config= log= log-format= h/help V/version
end

function __fish_npcc_feeds_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_npcc_feeds_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_npcc_feeds_using_subcommand
    set -l cmd (__fish_npcc_feeds_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -s V -l version -d 'Print version'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "run" -d 'The daemon: fetches by schedule and serves all the while (the default)'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "fetch" -d 'One cycle now'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "backfill" -d 'Walks the listing back into the past'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "publish" -d 'Writes every feed and page as files'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "export" -d 'The whole record, a release a line, to standard output'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "import" -d 'Takes what `export` wrote into the store, all of it or nothing; of known releases what a person has said'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "topics" -d 'The topics, and how many releases each has'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "releases" -d 'The releases, newest first'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "show" -d 'One release with its topics, copies and history explained'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "label" -d 'A person\'s word on the topics of a release'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "labels" -d 'The releases on whose topics a person has spoken'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "reclassify" -d 'Sorts the whole store anew, with today\'s rules on topics'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "merge" -d 'Makes a release part of another, for ever'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "split" -d 'Frees a merged copy, for ever'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "rededuplicate" -d 'Looks through the whole store with today\'s rules on copies'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "redact" -d 'Removes a release\'s text for good, or one revision\'s'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "classify" -d 'The topics of a text, with the evidence; the first line is the title'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "evaluate" -d 'Scores against labelled examples'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "check" -d 'Reads configuration and taxonomy, says what is wrong and where'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "live" -d 'Whether the daemon of this configuration serves; for health checks'
complete -c npcc-feeds -n "__fish_npcc_feeds_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand run" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand run" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand run" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand fetch" -l source -d 'Only this source' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand fetch" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand fetch" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand fetch" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand fetch" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand fetch" -l scheduled -d 'Leaves alone what is fresh or failed a moment ago, as the daemon does: for timers'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand fetch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand backfill" -l source -d 'Only this source' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand backfill" -l since -d 'Until releases are older than this day; the whole past if left out' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand backfill" -l max-pages -d 'At most so many pages of the listing' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand backfill" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand backfill" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand backfill" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand backfill" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand backfill" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand publish" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand publish" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand publish" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand publish" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand publish" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand export" -l format -d 'JSON lines with whole texts as HTML, and with all that `import` makes another store from; or a table with plain text' -r -f -a "jsonl\t'JSON lines'
csv\t'A table'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand export" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand export" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand export" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand export" -l with-withdrawn -d 'Keeps the texts that their publisher has taken down, for a store that takes this one\'s place: such a file is as private as the store'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand import" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand import" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand import" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand import" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand topics" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand topics" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand topics" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand topics" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand topics" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand releases" -l topic -d 'Only of this topic; `unclassified` for those of none' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand releases" -l limit -d 'At most so many' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand releases" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand releases" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand releases" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand releases" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand releases" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand show" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand show" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand show" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand show" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand label" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand label" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand label" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand label" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand label" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand labels; and not __fish_seen_subcommand_from export help" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand labels; and not __fish_seen_subcommand_from export help" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand labels; and not __fish_seen_subcommand_from export help" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand labels; and not __fish_seen_subcommand_from export help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand labels; and not __fish_seen_subcommand_from export help" -f -a "export" -d 'Writes them as JSON lines, in the form that `evaluate topics` reads'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand labels; and not __fish_seen_subcommand_from export help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand labels; and __fish_seen_subcommand_from export" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand labels; and __fish_seen_subcommand_from export" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand labels; and __fish_seen_subcommand_from export" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand labels; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand labels; and __fish_seen_subcommand_from help" -f -a "export" -d 'Writes them as JSON lines, in the form that `evaluate topics` reads'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand labels; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand reclassify" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand reclassify" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand reclassify" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand reclassify" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand reclassify" -l dry-run -d 'Only tells what would change'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand reclassify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand merge" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand merge" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand merge" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand merge" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand merge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand split" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand split" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand split" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand split" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand split" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand rededuplicate" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand rededuplicate" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand rededuplicate" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand rededuplicate" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand rededuplicate" -l dry-run -d 'Only tells what would change'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand rededuplicate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand redact" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand redact" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand redact" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand redact" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand redact" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand classify" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand classify" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand classify" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand classify" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand classify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and not __fish_seen_subcommand_from pairs topics help" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and not __fish_seen_subcommand_from pairs topics help" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and not __fish_seen_subcommand_from pairs topics help" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and not __fish_seen_subcommand_from pairs topics help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and not __fish_seen_subcommand_from pairs topics help" -f -a "pairs" -d 'How well copies are told from look-alikes: JSON lines of {"same", "a", "b"}'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and not __fish_seen_subcommand_from pairs topics help" -f -a "topics" -d 'How well topics are given: JSON lines of {"title", "lead", "body", "topics", "optional"}'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and not __fish_seen_subcommand_from pairs topics help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and __fish_seen_subcommand_from pairs" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and __fish_seen_subcommand_from pairs" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and __fish_seen_subcommand_from pairs" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and __fish_seen_subcommand_from pairs" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and __fish_seen_subcommand_from pairs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and __fish_seen_subcommand_from topics" -l against -d 'Another taxonomy\'s file: its scores, and the releases that would get other topics by it' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and __fish_seen_subcommand_from topics" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and __fish_seen_subcommand_from topics" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and __fish_seen_subcommand_from topics" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and __fish_seen_subcommand_from topics" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and __fish_seen_subcommand_from topics" -l misses -d 'Each topic that is wrong or missing, with the evidence'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and __fish_seen_subcommand_from topics" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and __fish_seen_subcommand_from help" -f -a "pairs" -d 'How well copies are told from look-alikes: JSON lines of {"same", "a", "b"}'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and __fish_seen_subcommand_from help" -f -a "topics" -d 'How well topics are given: JSON lines of {"title", "lead", "body", "topics", "optional"}'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand evaluate; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand check" -l format -d 'How the result is shown' -r -f -a "text\t'Lines for people'
json\t'JSON for programs'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand check" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand check" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand check" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand live" -l config -d 'The configuration\'s file [default: $NPCC_FEEDS_CONFIG, then ./config/npcc-feeds.toml, then /etc/npcc-feeds/npcc-feeds.toml, then a built-in copy]' -r -F
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand live" -l log -d 'What the log tells: error, warn, info, debug or trace [default: info; warn beside a progress bar]' -r
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand live" -l log-format -d 'How the log is written [default: journal where standard error is the journal, else text]' -r -f -a "text\t'Lines for people'
json\t'A JSON object a line'
journal\t'The journal\'s fields, as `journalctl -o verbose` shows them'"
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand live" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "run" -d 'The daemon: fetches by schedule and serves all the while (the default)'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "fetch" -d 'One cycle now'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "backfill" -d 'Walks the listing back into the past'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "publish" -d 'Writes every feed and page as files'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "export" -d 'The whole record, a release a line, to standard output'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "import" -d 'Takes what `export` wrote into the store, all of it or nothing; of known releases what a person has said'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "topics" -d 'The topics, and how many releases each has'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "releases" -d 'The releases, newest first'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "show" -d 'One release with its topics, copies and history explained'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "label" -d 'A person\'s word on the topics of a release'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "labels" -d 'The releases on whose topics a person has spoken'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "reclassify" -d 'Sorts the whole store anew, with today\'s rules on topics'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "merge" -d 'Makes a release part of another, for ever'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "split" -d 'Frees a merged copy, for ever'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "rededuplicate" -d 'Looks through the whole store with today\'s rules on copies'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "redact" -d 'Removes a release\'s text for good, or one revision\'s'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "classify" -d 'The topics of a text, with the evidence; the first line is the title'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "evaluate" -d 'Scores against labelled examples'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "check" -d 'Reads configuration and taxonomy, says what is wrong and where'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "live" -d 'Whether the daemon of this configuration serves; for health checks'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and not __fish_seen_subcommand_from run fetch backfill publish export import topics releases show label labels reclassify merge split rededuplicate redact classify evaluate check live help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and __fish_seen_subcommand_from labels" -f -a "export" -d 'Writes them as JSON lines, in the form that `evaluate topics` reads'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and __fish_seen_subcommand_from evaluate" -f -a "pairs" -d 'How well copies are told from look-alikes: JSON lines of {"same", "a", "b"}'
complete -c npcc-feeds -n "__fish_npcc_feeds_using_subcommand help; and __fish_seen_subcommand_from evaluate" -f -a "topics" -d 'How well topics are given: JSON lines of {"title", "lead", "body", "topics", "optional"}'
