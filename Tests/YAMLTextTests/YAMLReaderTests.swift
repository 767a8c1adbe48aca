import ImageModel
import Testing
import YAMLText

struct YAMLReaderTests {
  private func read(_ text: String) throws -> YAMLNode? { try YAMLReader.read(Array(text.utf8), file: "a.yaml") }

  /// What the first fault says, as `line:column message`.
  private func fault(_ bytes: [UInt8]) -> String? {
    do {
      _ = try YAMLReader.read(bytes, file: "a.yaml")
      return nil
    } catch {
      guard let first = error.diagnostics.first else { return "no diagnostic" }
      return "\(first.location?.line ?? -1):\(first.location?.column ?? -1) \(first.message)"
    }
  }

  private func fault(_ text: String) -> String? { fault(Array(text.utf8)) }

  @Test func nodesKnowTheirPlaces() throws {
    let root = try #require(try read("a: 1\nlist:\n  - é: 'x'\n    k: yes\n  - ~\n"))
    #expect(root["a"]?.integer == 1)
    let list = try #require(root["list"]?.sequence)
    #expect(list[0]["k"]?.boolean == true)
    #expect(list[0]["é"]?.location.description == "a.yaml:3:8")
    #expect(list[1].isNull)
    #expect(root.mapping?[1].key.location.description == "a.yaml:2:1")
  }

  @Test func quotedTextIsNoNumberAndNoTruthValue() throws {
    let root = try #require(try read("[\"1\", 'yes', !!str 12, 1.10, ! yes]"))
    #expect(root.sequence?.compactMap(\.integer) == [])
    #expect(root.sequence?.compactMap(\.boolean) == [])
    #expect(root.sequence?.compactMap(\.text) == ["1", "yes", "12", "1.10", "yes"])
  }

  @Test(arguments: ["", "\n", "# only a comment\n", "---\n", "\u{FEFF}"])
  func anEmptyDocumentIsNil(text: String) throws {
    #expect(try read(text) == nil)
  }

  @Test(arguments: ["a: 1\r\nb: 2\r\n", "\u{FEFF}a: 1\nb: 2\n", "a: 1\rb: 2"])
  func marksAndLineEndsOfOtherSystemsAreRead(text: String) throws {
    let root = try #require(try read(text))
    #expect(root["b"]?.integer == 2)
    #expect(root["b"]?.location.line == 2)
    #expect(root["a"]?.location.column == 4)
  }

  @Test(arguments: [true, false]) func utf16IsRead(isLittleEndian: Bool) throws {
    let units = Array("\u{FEFF}a: é😀\n".utf16)
    let bytes = units.flatMap { unit in
      isLittleEndian ? [UInt8(unit & 0xFF), UInt8(unit >> 8)] : [UInt8(unit >> 8), UInt8(unit & 0xFF)]
    }
    #expect(try YAMLReader.read(bytes, file: "a")?["a"]?.text == "é😀")
    #expect(fault(bytes + [0]) == "0:0 the file begins as UTF-16 and is not; save it as UTF-8")
  }

  @Test func latin1IsRefusedWithItsPlace() {
    #expect(fault(Array("a: 1\nb: é".utf8) + [0xE9, 0x0A]) == "2:5 this byte is not UTF-8; save the file as UTF-8")
    #expect(fault([0xE9]) == "1:1 this byte is not UTF-8; save the file as UTF-8")
  }

  @Test(arguments: [
    ("a:\n\t- b\n", "2:1 invalid YAML: a tab is used for indentation"),
    ("a: 'x\nb: 2\n", "1:4 invalid YAML: the quote that opens here is never closed"),
    ("a: b: c\n", "1:5 invalid YAML: a ':' is not allowed here"),
    ("tags: [%(v)s]\n", "1:8 invalid YAML: a value cannot begin with '%'"),
    ("a: @x\n", "1:4 invalid YAML: a value cannot begin with '@'"),
    ("a: [1, 2\nb: 3\n", "2:2 invalid YAML: expected ',' or ']' in the list that opens in line 1"),
    ("a: 1\nb\nc: 2\n", "2:1 invalid YAML: expected ':' after this key"),
    ("a: 1\n  b: 2\n", "2:4 invalid YAML: a ':' is not allowed here"),
    ("a:\n  - 1\n  b: 2\n", "3:3 invalid YAML: expected '- ' indented as the one in line 2"),
    ("a: 1\n b: 2\n", "2:3 invalid YAML: a ':' is not allowed here"),
    ("a: \u{1}\n", "1:4 invalid YAML: the character U+0001 is not allowed here"),
    ("a: 1\n---\nb: 2\n", "2:1 a second document begins here; only one is allowed"),
    ("a: 1\nb: 2\na: 3\n", "3:1 the key 'a' is given twice, first in line 1"),
    ("a: *x\n", "1:4 nothing is named '&x' before this line"),
    ("a: &x [*x]\n", "1:8 '*x' refers to the value that it stands in"),
    ("a: !!python/object:os.system {}\n", "1:4 the tag '!!python/object:os.system' is not allowed here"),
    ("[a]: 1\n", "1:1 a key must be text, this is a list"),
    ("<<: 3\n", "1:1 '<<' merges mappings, this is text"),
  ])
  func whatIsWrongIsSaidInWordsAndWithItsPlace(text: String, expected: String) {
    #expect(fault(text) == expected)
  }

  @Test func aFaultShowsItsLine() throws {
    let fault = #expect(throws: InvalidInput.self) { try read("a: 1\nb: 'x\n") }
    #expect(fault?.diagnostics.first?.sourceLine == "b: 'x")
  }

  @Test func allFaultsThatReadingSurvivesAreTold() {
    let fault = #expect(throws: InvalidInput.self) { try read("a: 1\na: 2\nb: !x 3\nb: 4\n") }
    #expect(fault?.diagnostics.compactMap(\.location?.line) == [2, 3, 4])
  }

  @Test func aliasesAndMergeKeysAreExpanded() throws {
    let text = "base: &b {x: 1, y: 2}\nlist: &l [1]\none: {<<: *b, y: 3}\ntwo: {<<: [{z: 9}, *b]}\nthree: *l\n"
    let root = try #require(try read(text))
    #expect(root["one"]?["x"]?.integer == 1)
    #expect(root["one"]?["y"]?.integer == 3)
    #expect(root["one"]?.mapping?.count == 2)
    #expect(root["two"]?["z"]?.integer == 9)
    #expect(root["two"]?["y"]?.integer == 2)
    #expect(root["three"]?.sequence?.count == 1)
  }

  @Test func billionLaughsIsAFault() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in 1...20 {
      text += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ") + "]\n"
    }
    #expect(fault(text)?.contains("after its aliases are expanded") == true)
  }

  @Test func depthIsBoundedAlsoThroughAliases() {
    let open = String(repeating: "[", count: 100_000)
    #expect(fault(open)?.contains("nested deeper than 100 levels") == true)
    let block = String(repeating: "- ", count: 50_000)
    #expect(fault(block)?.contains("nested deeper than 100 levels") == true)
    var chain = "a0: &a0 x\n"
    for level in 1...200 { chain += "a\(level): &a\(level) [*a\(level - 1)]\n" }
    #expect(fault(chain)?.contains("nested deeper than 100 levels") == true)
    #expect(fault(String(repeating: "[", count: 99) + String(repeating: "]", count: 99)) == nil)
  }

  @Test(arguments: [("a: [1", "1:6"), ("a: 'x", "1:4"), ("a:\n  b: [\n  ", "3:3"), ("{a: *x", "1:5")])
  func aFaultAtTheEndLiesInTheText(text: String, place: String) {
    #expect(fault(text)?.hasPrefix(place + " ") == true, "\(fault(text) ?? "none")")
  }

  @Test func theLineIsShownAsItIsRead() throws {
    let text = "\u{FEFF}a: 1\r\nb: [é\n"
    let utf16 = text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    for bytes in [Array(text.utf8), utf16] {
      let source = SourceText(bytes, file: "a.yaml")
      #expect(source.line(1) == "a: 1")
      #expect(source.line(2) == "b: [é")
      #expect(source.line(3) == "" && source.line(4) == nil && source.line(0) == nil)
    }
  }

  @Test func aHugeFileIsAFault() {
    #expect(fault("a: " + String(repeating: "x", count: 1 << 20))?.hasPrefix("0:0 the file has 1048579 bytes") == true)
  }

  @Test func noBytesCrashTheReader() {
    var state: UInt64 = 42
    func dice(_ below: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(truncatingIfNeeded: state >> 33) % below
    }
    let alphabet = Array("ab:- \n\t\"'[]{},&*!|>#%@`?~<0\\\r".utf8) + [0xC3, 0xA9, 0xFF, 0xFE, 0x00, 0xEF, 0xBB, 0xBF]
    for _ in 0..<5000 {
      let bytes = (0..<dice(40)).map { _ in alphabet[dice(alphabet.count)] }
      do {
        _ = try YAMLReader.read(bytes, file: "x")
      } catch {
        #expect(!error.diagnostics.isEmpty)
      }
    }
  }
}
