//! Whether one word is another with its typing error mended.
//!
//! There is no dictionary here. A pair of words is a typing error only where nothing speaks for two words: in doubt,
//! a reader is told of the edit.

/// Words that turn a sentence round or measure it. A change of one is never a typing error.
const SENSE: &str = "not no never none nor neither nobody nothing nowhere without hardly barely scarcely except unless \
    cannot cant wont dont doesnt didnt isnt arent wasnt werent hasnt havent hadnt shouldnt wouldnt couldnt mustnt neednt \
    may might must shall should will would can could ought \
    january february march april may june july august september october november december \
    monday tuesday wednesday thursday friday saturday sunday today tomorrow yesterday \
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen \
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred hundreds thousand thousands million \
    millions billion billions trillion dozen dozens first second third fourth fifth sixth seventh eighth ninth tenth \
    half quarter double twice once all every each any some many most more less least fewer few both either";

/// Words that are another word but for a letter or two. Two of these are two words, however alike.
const WORDS: &str = "than then that this thus from form with wish when where were here there they them their these those \
    have gave over ever other after alter before under wonder only also even since while until which what whom whose \
    about above below between among across within into onto because though through thorough threw \
    accept affect effect advice advise adapted adopted adoption adaption adverse averse assure ensure insure \
    abuse amuse accused accursed allusion illusion angel angle ascent assent arrested attached attacked attended \
    backed bailed banned board broad breach beach breath breathe breadth bomber bombed burned burred \
    careful carful casual causal causality casualty casualties censor censure changed charged change charge changes charges \
    changing charging chief chef child chilled cleaned cleared cloth clothe clothes close closed costs cots coarse course \
    country county countries counties council counsel councillor counsellor councillors counsellors couch coach court \
    count courts counts crime crimes crown crowd custom customs convicted convinced conviction convection \
    dead deal dear death dearth defect detect defected detected deter detected deterred deferred defence denied defied \
    deported departed depraved deprived deserted detained retained desert dessert device devise died dyed discreet \
    discrete discussed disgust drink drank drunk drivers divers driver diver driving diving drug drag drugs drags \
    elicit illicit emigration immigration eminent imminent exalted exulted exact extract expected excepted exposed opposed \
    extent extend fail fall fell full fill failed filled fatal fetal father farther feel fewer fever file fine fire \
    fined fired fines fires find found force farce forces former farmer forth fourth \
    gang gain gangs gains guns gums genius genus hate late harm harmed armed health heath hired home hope house horse \
    human humane hurt hunt hunted immoral immortal infected injected inflected ingenious ingenuous injured insured \
    intimate intimidate interstate intrastate international intranational judicial judicious jury \
    killed kilned knife knives last lest later latter lead lend less loss lift left live life lives lies loose lose lost \
    lower local loyal males meals manner manor martial marital massage message material maternal minor miner missing \
    misting moral morale most must murder mural national rational notable night nigh offence offender offended officer \
    office offices officers optional operational parent patent parental paternal partial parties party passed past \
    patrol petrol patrols patients patience personal personnel persecuted prosecuted persecution prosecution persecute \
    prosecute perpetrate perpetuate perpetrated perpetuated perpetrator planned planted planed police policy policies \
    prescribe proscribe prescribed proscribed precede proceed preceding proceeding principal principle principals \
    principles prison prism proof prove proved probe probed protect protest protected protested protecting protesting \
    protection protestation protector protester protectors protesters public pubic quiet quite \
    raid raped rated rape rate rapes rates raised razed raise rise recent resent relate release released relapsed remain \
    remanded reminded removed remover repeal repeat repel report resort reports resorts reported resorted resigned \
    reasoned respect restrict restricted restrained restraint reversed reserved revised reviewed revived rioting riots \
    robbed robed safe save scene scent search seaside seize siege sexual sensual shoot shot shut shop shooting shouting \
    shots shops single signal silence sentence staring starting stabbed stubbed stalking stocking stacking stoking \
    stationary stationery statue statute status stole stolen strain train strike stroke stricter structure striving \
    suspect suspended suspected tasers tracked tricked track trick traffic tragic trail trial trails trials tread thread \
    threat treat threats treats trend tribal united untied universal verses versus victim victor violent violet violence \
    vice voice wanted warned warrant warranted week weak weeks well wall welcome weapon weapons woman women word world \
    worked walked wounded wonder years yearn young";

/// Words of names that are no person's. One that is misspelt in them is a typing error like any other.
const COMMON: &str = "police chief chiefs council constable constables national deputy assistant superintendent inspector \
    sergeant detective commissioner commissioners commander crime criminal justice home office secretary minister \
    prime government operation association college force forces service services prosecution british kingdom united \
    metropolitan transport agency committee authority federation independent inspectorate coordination coordinator \
    northern southern eastern western";

/// What turns a word into its opposite, or into another.
const PREFIXES: [&str; 14] = [
    "un", "in", "im", "il", "ir", "dis", "mis", "non", "de", "re", "ex", "anti", "pre", "pro",
];

/// Whether a word belongs to the names of offices and bodies.
pub(super) fn is_common(word: &str) -> bool {
    holds(COMMON, word)
}

/// Whether a word turns a sentence round or measures it.
pub(super) fn makes_sense(word: &str) -> bool {
    holds(SENSE, word)
}

fn holds(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|other| other == word)
}

/// Whether two folded words differ by a typing error and nothing else.
pub(super) fn is_mended(before: &str, after: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (before.chars().collect(), after.chars().collect());
    let shortest = a.len().min(b.len());
    let most = match shortest {
        ..4 => return false,
        4..8 => 1,
        _ => 2,
    };
    let is_word = |word: &str| holds(WORDS, word) || holds(SENSE, word) || holds(COMMON, word);
    // People seldom mistype the first letter, and many a word is another with a new one: jailed, bailed; fired, hired.
    a.len().max(b.len()) <= 64
        && a[0] == b[0]
        && a.iter().chain(&b).all(|c| c.is_alphabetic())
        && distance(&a, &b) <= most
        && !(makes_sense(before) || makes_sense(after))
        && !(is_word(before) && is_word(after))
        && !is_prefixed(before, after)
        && !is_inflected(&a, &b)
}

/// Whether a prefix came, went, or became another.
fn is_prefixed(before: &str, after: &str) -> bool {
    let stems = |word: &str| -> Vec<String> {
        let stems = PREFIXES.iter().filter_map(|p| word.strip_prefix(p));
        stems
            .chain([word])
            .filter(|stem| stem.len() > 2)
            .map(str::to_owned)
            .collect()
    };
    let others = stems(after);
    before != after && stems(before).iter().any(|stem| others.contains(stem))
}

/// Whether the two are forms of one word. "An officer was hurt" and "officers were hurt", "charge" and "charged",
/// "employer" and "employee": each may be a slip, and each may be the news, so none is a typing error. That a final "e"
/// was forgotten is one, unless both are known as words.
fn is_inflected(a: &[char], b: &[char]) -> bool {
    const ENDINGS: [&str; 16] = [
        "s", "es", "d", "ed", "r", "er", "rs", "n", "en", "y", "ly", "ee", "or", "al", "ing", "st",
    ];
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let shared = short.iter().zip(long).take_while(|(a, b)| a == b).count();
    let (rest, ending) = (&short[shared..], long[shared..].iter().collect::<String>());
    let rest: String = rest.iter().collect();
    let is_ending = |ending: &str| ENDINGS.contains(&ending);
    is_ending(&ending) && (rest.is_empty() || rest == "e" || is_ending(&rest))
        || is_ending(&rest) && ending == "e"
        || matches!(
            (rest.as_str(), ending.as_str()),
            ("an", "en") | ("en", "an")
        )
}

/// The Damerau-Levenshtein distance in which no part is edited twice ("optimal string alignment").
pub(crate) fn distance(a: &[char], b: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before_last[j - 2] + 1);
            }
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_letters_and_neighbours_that_swapped() {
        let distance = |a: &str, b: &str| {
            let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            super::distance(&a, &b)
        };
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("polcie", "police", 1),
            ("recieve", "receive", 1),
            ("anouncment", "announcement", 2),
            ("caf\u{E9}", "cafe", 1),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
            assert_eq!(distance(b, a), expected, "{b} {a}");
        }
    }

    #[test]
    fn typing_errors_are_mended() {
        for (before, after) in [
            ("polcie", "police"),
            ("polic", "police"),
            ("recieved", "received"),
            ("thier", "their"),
            ("anouncment", "announcement"),
            ("commited", "committed"),
            ("offficers", "officers"),
            ("organization", "organisation"),
            ("judgment", "judgement"),
            ("goverment", "government"),
            ("seperate", "separate"),
            ("licence", "license"),
        ] {
            assert!(is_mended(before, after), "{before} {after}");
            assert!(is_mended(after, before), "{after} {before}");
        }
    }

    #[test]
    fn other_words_are_other_words() {
        for pair in "now:not legal:illegal able:unable increased:decreased charged:changed police:policy victim:victims \
            arrest:arrested employer:employee women:woman policeman:policemen chairman:chairmen reported:deported \
            bailed:jailed trial:trail shooting:shouting protect:protest convicted:convinced from:form March:May may:must \
            four:five seventeen:seventy never:nver reread:read disorder:order misuse:disuse national:rational \
            unknown:known offender:offended killer:killed males:females cannot:cant prosecuted:persecuted \
            immigration:emigration stalking:stocking defence:offence release:lease quiet:quite public:pubic \
            uncovered:recovered recovered:covered charge:charged largest:larger"
            .split_whitespace()
        {
            let (a, b) = pair.split_once(':').unwrap();
            assert!(!is_mended(a, b), "{pair}");
            assert!(!is_mended(b, a), "{pair}");
        }
    }

    #[test]
    fn odd_words_are_no_typing_errors() {
        let long = "a".repeat(1_000_000);
        for (a, b) in [
            ("", ""),
            ("", "abcd"),
            ("ab12", "ab13"),
            (&long, "aaaa"),
            (&long, &long),
        ] {
            assert!(!is_mended(a, b));
        }
    }
}
