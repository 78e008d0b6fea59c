use super::*;

fn wholes(text: &str) -> Vec<Option<String>> {
    items(text)
        .into_iter()
        .map(|cut| cut.map(|cut| cut.whole))
        .collect()
}

#[test]
fn items_of_every_kind_are_cut_out() {
    for text in [
        "<rss><channel><items/><item>A</item><item>B</item></channel></rss>",
        "<RSS><item>A</item><ITEM>B</ITEM>",
        "<rdf:RDF><channel><items><rdf:Seq/></items></channel><rss:item>A</rss:item><rss:item>B</rss:item></rdf:RDF>",
        "<item>A</item>junk</b><item>B</item",
    ] {
        let wholes = wholes(text);
        assert_eq!(wholes.len(), 2, "{text}");
        let first = wholes[0].as_deref().unwrap();
        assert!(
            first.starts_with("<rss version=\"2.0\" xmlns:atom=")
                && first.contains("<item>A</item>"),
            "{first}"
        );
    }
    let entry = wholes("<atom:feed><atom:entry xml:base='/x'>A</atom:entry></atom:feed>");
    let entry = entry[0].as_deref().unwrap();
    assert!(
        entry.starts_with("<feed xmlns=\"http://www.w3.org/2005/Atom\"")
            && entry.contains("<entry xml:base='/x'>A</entry>")
    );
}

#[test]
fn an_item_that_is_never_closed_is_told_of() {
    let text = "<item>A</item><item>B<item>C</item><item>D";
    let kept: Vec<bool> = wholes(text).iter().map(Option::is_some).collect();
    assert_eq!(kept, [true, false, true, false]);
}

#[test]
fn cdata_holds_no_item() {
    assert_eq!(items("<item><![CDATA[<item>]]></item>").len(), 1);
}

#[test]
fn the_roots_namespaces_and_base_go_with_each_item() {
    let cut =
        wholes("<rss version='2.0' xmlns:d=\"u:d\" xmlns:dc='wrong' xml:base='https://x/'><item/>");
    let cut = cut[0].as_deref().unwrap();
    assert!(
        cut.contains(" xmlns:d=\"u:d\"")
            && cut.contains(" xml:base=\"https://x/\"")
            && !cut.contains("wrong"),
        "{cut}"
    );
}

#[test]
fn what_can_be_told_of_an_item_is_kept() {
    let text = "<item><titles/><title>A</title><x><y></x><link>L</link><guid isPermaLink='true'>G</guid>\
                <description><![CDATA[<p>]]></description><summary><b>no</summary></item>";
    let parts = items(text).remove(0).unwrap().parts;
    let kept =
        "<title>A</title><link>L</link><guid>G</guid><description><![CDATA[<p>]]></description>";
    assert!(parts.contains(&format!("<item>{kept}</item>")), "{parts}");
}

#[test]
fn no_more_than_a_thousand_are_cut_out() {
    let text = "<item/>".repeat(3 * MOST_CUT);
    assert_eq!((items(&text).len(), count(&text)), (MOST_CUT, 3 * MOST_CUT));
}
