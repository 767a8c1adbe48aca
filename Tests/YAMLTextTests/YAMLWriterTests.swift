import ImageModel
import Testing
import YAMLText

struct YAMLWriterTests {
  @Test(arguments: [
    "ubuntu-18.04", "latest", "casa-dev", "cati/casa-dev:ubuntu-18.04", "/bin/sh", "a b", "sha256:0f", "30d", "x=1",
    "_",
    "5.0-rc",
  ])
  func ordinaryTextStaysPlain(text: String) {
    #expect(YAMLWriter.scalar(text) == text)
  }

  @Test(arguments: [
    "", "yes", "No", "ON", "null", "~", "18.04", "12", "1e5", "0x1f", "0o17", "1:30", "2024-01-01",
    "2001-12-14T21:59:43Z",
    "-", "- a", "a: b", "a #b", "a:", " a", "a ", "@a", "%a", "*a", "&a", "!a", "true", ".inf", "+1", "=", "<<", "a\nb",
    "é", "0b1", "1_000", "---", "...", "0123", "0d",
  ])
  func ambiguousTextIsQuoted(text: String) throws {
    #expect(YAMLWriter.scalar(text).hasPrefix("\""))
    #expect(try YAMLReader.read(Array(YAMLWriter.scalar(text).utf8), file: "a")?.text == text)
  }

  @Test func nestingIsBlockStyle() {
    let value: YAMLValue = [
      "name": "casa-dev", "tags": ["latest", "18.04"], "none": [], "map": ["a": ["b": 1], "c": [:]],
      "list": [["x": 1, "z": [true]], ["p", ["q"]], []],
    ]
    #expect(
      YAMLWriter.text(of: value) == """
        name: casa-dev
        tags:
          - latest
          - "18.04"
        none: []
        map:
          a:
            b: 1
          c: {}
        list:
          - x: 1
            z:
              - true
          - - p
            - - q
          - []

        """)
  }

  @Test func whatIsWrittenReadsBackTheSame() throws {
    var state: UInt64 = 1
    func dice(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(truncatingIfNeeded: state >> 33) % below
    }
    let alphabet = Array(
      "abyn01.:-_/ #'\"\\\n\r\t\u{0}\u{7f}\u{85}\u{a0}é\u{2028}\u{feff}\u{fffe}😀{}[],&*!|>%@`?~<=+".unicodeScalars)
    func text() -> String {
      var scalars = String.UnicodeScalarView()
      for _ in 0..<dice(8) { scalars.append(alphabet[dice(alphabet.count)]) }
      return dice(50) == 0 ? String(scalars) + String(repeating: "long ", count: 400) : String(scalars)
    }
    func value(_ depth: Int) -> YAMLValue {
      switch dice(depth > 0 ? 5 : 3) {
      case 0: return .integer(dice(1000) - 500)
      case 1, 2: return .text(text())
      case 3: return .sequence((0..<dice(4)).map { _ in value(depth - 1) })
      default:
        var members: [YAMLValue.Member] = []
        for index in 0..<dice(4) { members.append(("\(index)" + text(), value(depth - 1))) }
        return .mapping(members)
      }
    }
    func matches(_ node: YAMLNode, _ value: YAMLValue) -> Bool {
      switch value {
      case .null: node.isNull
      case .bool(let flag): node.boolean == flag
      case .integer(let number): node.integer == number
      case .text(let text): node.text.map { Array($0.utf8) } == Array(text.utf8)
      case .sequence(let values):
        node.sequence.map { $0.count == values.count && zip($0, values).allSatisfy(matches) } ?? false
      case .mapping(let members):
        node.mapping.map { entries in
          entries.count == members.count
            && zip(entries, members).allSatisfy { $0.key.text == $1.key && matches($0.value, $1.value) }
        } ?? false
      }
    }
    for _ in 0..<1000 {
      let value = YAMLValue.mapping([("root", value(4))])
      let written = YAMLWriter.text(of: value)
      let node = try YAMLReader.read(Array(written.utf8), file: "a")
      #expect(node.map { matches($0, value) } == true, "\(written)")
    }
  }
}
