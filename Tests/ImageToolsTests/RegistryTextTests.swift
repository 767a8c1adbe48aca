import ContentStore
import ImageModel
import JSONText
import TestSupport
import Testing

@testable import ImageTools

@Suite struct RegistryTextTests {
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
  ]) func base64IsRFC4648(_ text: String, _ encoded: String) {
    #expect(Base64.encode(Array(text.utf8)) == encoded)
    #expect(Base64.decode(encoded) == Array(text.utf8))
    #expect(Base64.decode("*") == nil)
  }

  @Test func base64RoundTrips() {
    var random = SystemRandomNumberGenerator()
    for count in 0..<100 {
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(Base64.decode(Base64.encode(bytes)) == bytes)
    }
  }

  @Test func challengesAreReadAsServersWriteThem() {
    func all(_ text: String) -> [[String: String]] {
      AuthenticationChallenge.all(text).map { $0.parameters.merging(["scheme": $0.scheme]) { $1 } }
    }
    #expect(
      all(#"Bearer realm="https://a/t?x=1,2",service=reg , scope="a:b:pull,push""#)
        == [["scheme": "bearer", "realm": "https://a/t?x=1,2", "service": "reg", "scope": "a:b:pull,push"]])
    #expect(
      all(#"Basic realm="a \" b", BEARER Realm = X,"#)
        == [["scheme": "basic", "realm": #"a " b"#], ["scheme": "bearer", "realm": "X"]])
    #expect(all("") == [])
    #expect(all("Basic") == [["scheme": "basic"]])
    #expect(all(#"Basic realm="open"#) == [["scheme": "basic", "realm": "open"]])
  }

  @Test func noHeaderIsTooWildToRead() {
    var random = SeededGenerator(seed: 7)
    let letters = Array(#"ab =,"\é"#)
    for _ in 0..<500 * Soak.factor {
      let text = String(
        (0..<Int.random(in: 0...30, using: &random)).map { _ in letters.randomElement(using: &random) ?? "a" })
      #expect(AuthenticationChallenge.all(text).allSatisfy { !$0.scheme.isEmpty }, "\(text)")
    }
  }

  @Test(
    arguments: [
      ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
      ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600), ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
      ("Sunday, 06-Nov-94 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 24:00:00 GMT", nil), ("", nil), ("Sun, 06 Nov", nil),
      ("Sun, 6 Nov -199 08:49:37 GMT", nil), ("Sun, 06 nov 1994 08:49:37 UTC", nil),
    ] as [(String, Int?)]) func datesAreRead(_ text: String, _ seconds: Int?)
  {
    #expect(HTTPDate.seconds(text) == seconds)
  }

  @Test(
    arguments: [
      ("12", .seconds(12)), ("0", .seconds(0)), ("-1", nil), ("soon", nil), ("99999999999", .seconds(1 << 31)),
      ("Sun, 06 Nov 1994 08:49:47 GMT", .seconds(10)), ("Sun, 06 Nov 1994 08:49:27 GMT", .seconds(0)),
    ] as [(String, Duration?)]) func retryAfterIsSecondsOrADate(_ text: String, _ expected: Duration?)
  {
    let date = (name: "date", value: "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(HTTPResponse(status: 429, headers: [date, ("retry-after", text)]).retryAfter == expected)
    if !text.allSatisfy(\.isNumber) {
      #expect(HTTPResponse(status: 429, headers: [("retry-after", text)]).retryAfter == nil)
    }
  }

  @Test(
    arguments: [
      ("https://a.example/x", "https a.example"), ("HTTP://a:80?x", "http a"), ("https://[::1]:5/", "https [::1]:5"),
      ("https://u@a/", nil), ("https://a b/", nil), ("https://", nil), ("file:///x", nil), ("https:/a", nil),
      ("a", nil),
      ("https://a\\b/", nil), ("https://a%2f/", nil),
    ] as [(String, String?)]) func aServerThatCouldBeReadInTwoWaysIsNone(_ url: String, _ expected: String?)
  {
    #expect(WebAddress(url).map { "\($0.scheme) \($0.server)" } == expected)
  }

  /// What is wanted, what there is, and which of that is chosen.
  private static let choices: [String] = [
    "linux/amd64: linux/arm64/v8 linux/amd64 -> 1",
    "linux/arm64: linux/amd64 linux/arm64/v8 -> 1",
    "linux/arm64/v8: linux/arm64 -> 0",
    "linux/arm/v7: linux/arm/v5 linux/arm/v6 linux/arm/v8 -> 1",
    "linux/arm/v6: linux/arm/v7 -> none",
    "linux/arm: linux/arm/v5 linux/arm/v7 -> 1",
    "linux/amd64: linux/amd64/v3 -> 0",
    "linux/amd64: linux/amd64/v3 linux/amd64/v2 -> 1",
    "linux/amd64: linux/amd64/v2 linux/amd64 -> 1",
    "linux/amd64/v3: linux/amd64 linux/amd64/v2 -> 1",
    "linux/amd64: windows/amd64 unknown/unknown -> none",
    "linux/amd64: linux/amd64 linux/amd64 -> 0",
    "linux/amd64/weird: linux/amd64 -> none",
    "linux/amd64: -> none",
  ]

  @Test(arguments: choices) func theImageThatSuitsBestIsChosen(_ choice: String) throws {
    let words = choice.replacing(":", with: " ").split(separator: " ").map(String.init)
    let offered = words.dropFirst().dropLast(2)
    let entries = offered.enumerated().map { number, text -> JSONValue in
      let parts = text.split(separator: "/").map { JSONValue.string(String($0)) }
      let platform: JSONValue = ["os": parts[0], "architecture": parts[1], "variant": parts.count > 2 ? parts[2] : ""]
      return ["digest": .string(Digest.sha256("\(number)").description), "platform": platform]
    }
    let choices = PlatformChoices(index: ["manifests": .array(entries)])
    let best = choices.best(for: try #require(Platform(words[0])))
    #expect(best?.digest == Int(words.last ?? "").map { Digest.sha256("\($0)") })
  }
}
