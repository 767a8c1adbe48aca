import JSONText
import Testing

struct JSONTextTests {
  /// A seeded generator: splitmix64.
  struct Dice: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  func randomText(_ dice: inout Dice) -> String {
    let alphabet = Array("ab\"\\/\n\r\t\u{0}\u{1}\u{1f}\u{7f}é\u{2028}😀 {}[]:,".unicodeScalars)
    var text = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0...8, using: &dice) {
      text.append(alphabet[Int.random(in: 0..<alphabet.count, using: &dice)])
    }
    return String(text)
  }

  func randomValue(_ dice: inout Dice, depth: Int) -> JSONValue {
    switch Int.random(in: 0...(depth > 0 ? 7 : 5), using: &dice) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &dice))
    case 2: return .integer(Int(truncatingIfNeeded: dice.next()))
    case 3: return .double(Double(Int.random(in: -1000...1000, using: &dice)) * 1.37e17 + 0.5)
    case 4, 5: return .string(randomText(&dice))
    case 6: return .array((0..<Int.random(in: 0...4, using: &dice)).map { _ in randomValue(&dice, depth: depth - 1) })
    default:
      var object = JSONObject()
      for index in 0..<Int.random(in: 0...4, using: &dice) {
        object["\(index)" + randomText(&dice).filter { $0 != "\u{0}" }] = randomValue(&dice, depth: depth - 1)
      }
      return .object(object)
    }
  }

  @Test func whatIsWrittenReadsBackTheSame() throws {
    var dice = Dice(state: 7)
    for _ in 0..<2000 {
      let value = randomValue(&dice, depth: 4)
      #expect(try JSONValue(parsing: value.text) == value)
      #expect(try JSONValue(parsing: value.prettyText) == value)
      #expect(!value.text.utf8.contains(UInt8(ascii: "\n")))
    }
  }

  @Test func membersKeepTheirOrderAndLiteralsReadWell() throws {
    let value: JSONValue = ["id": "docker/a:1", "uses": ["x", 1, 2.5, true, nil], "empty": [:], "none": []]
    #expect(value.text == #"{"id":"docker/a:1","uses":["x",1,2.5,true,null],"empty":{},"none":[]}"#)
    #expect(value["uses"]?[0]?.string == "x")
    #expect(value["uses"]?[4]?.isNull == true)
    #expect(value["uses"]?[5] == nil)
    let pretty: JSONValue = ["a": [1], "b": [:]]
    #expect(pretty.prettyText == "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}\n")
    #expect(try JSONValue(parsing: #"{"z":1,"a":2,"m":3}"#).object?.keys == ["z", "a", "m"])
  }

  @Test func textIsEscapedAsTheStandardHasIt() {
    #expect(JSONValue.string("\"\\\n\r\t\u{1}/\u{2028}é").text == "\"\\\"\\\\\\n\\r\\t\\u0001/\u{2028}é\"")
  }

  @Test(arguments: [
    "", " ", "{", "[1,]", "{\"a\":1,\"a\":2}", "nul", "1 2", "\"\\ud800\"", "'a'", "{a:1}", "99999999999999999999",
    "1e999",
    "[01]", "\"\n\"", "NaN",
  ])
  func whatIsNotJSONIsRefused(text: String) {
    #expect(throws: JSONFault.self) { try JSONValue(parsing: text) }
  }

  @Test func bytesThatAreNotTextAreRefused() {
    #expect(throws: JSONFault.self) { try JSONValue(parsing: [0x22, 0xFF, 0x22]) }
    #expect(throws: JSONFault.self) { try JSONValue(parsing: [0x31, 0x00]) }
    #expect(throws: JSONFault.self) { try JSONValue(parsing: [UInt8](repeating: 0x31, count: 9), limit: 8) }
  }

  @Test func aNullCharacterSurvives() throws {
    #expect(try JSONValue(parsing: #""a\u0000b""#).string == "a\u{0}b")
  }

  @Test func depthIsLimited() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(throws: Never.self) { try JSONValue(parsing: nested(200)) }
    #expect(throws: JSONFault.self) { try JSONValue(parsing: nested(202)) }
    #expect(throws: JSONFault.self) { try JSONValue(parsing: nested(1_000_000)) }
  }

  @Test func aFaultNamesItsPlace() throws {
    let fault = #expect(throws: JSONFault.self) { try JSONValue(parsing: "{\n  \"a\": ?\n}") }
    #expect(fault?.line == 2)
  }

  @Test func settingAMemberReplacesAppendsOrRemoves() {
    var object = JSONObject([("a", 1), ("b", 2)])
    object["a"] = 3
    object["c"] = 4
    object["b"] = nil
    #expect(JSONValue.object(object).text == #"{"a":3,"c":4}"#)
  }
}
