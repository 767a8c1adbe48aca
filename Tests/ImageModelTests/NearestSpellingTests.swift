import ImageModel
import Testing

@Suite struct NearestSpellingTests {
  @Test(arguments: [
    ("dependancies", "dependencies"), ("image_source", "image_sources"), ("FORM", "FROM"), ("tgas", "tags"),
    ("copy", "COPY"), ("HEALTCHECK", "HEALTHCHECK"),
  ])
  func aTypingMistakeFindsItsWord(typed: String, meant: String) {
    let known = ["dependencies", "image_sources", "FROM", "tags", "COPY", "HEALTHCHECK", "RUN"]
    #expect(NearestSpelling.of(typed, among: known) == meant)
  }

  @Test(arguments: ["", "x", "something else", "depend", "RNUXX"])
  func aWordThatIsFarFromAllHasNone(typed: String) {
    #expect(NearestSpelling.of(typed, among: ["dependencies", "image_sources", "FROM", "RUN"]) == nil)
  }

  @Test func nobodyMistypesALongWord() {
    let long = String(repeating: "x", count: 1 << 20)
    #expect(NearestSpelling.of(long, among: [long + "y"]) == nil)
    #expect(NearestSpelling.of("tag\u{301}", among: [long, "tag"]) == "tag")
  }

  @Test func theNearestWinsAndTheFirstOfEquals() {
    #expect(NearestSpelling.of("tagz", among: ["tage", "tags", "tagzz"]) == "tage")
    #expect(NearestSpelling.of("target", among: ["targets", "target"]) == "target")
  }
}
