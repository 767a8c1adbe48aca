import DockerfileText
import ImageModel
import Testing

@Suite struct CanonicalTests {
  @Test(
    arguments: [
      ("from  a\nrun   x   y  \n", ["FROM a", "RUN x   y"]),
      ("FROM a\n  # c\n\tRun x \\\n# in between\n\n   y \\  \n&& z\n", ["FROM a", "RUN x    y && z"]),
      ("FROM a\r\nRUN x \\\r\n  y\r\n", ["FROM a", "RUN x   y"]),
      ("\u{FEFF}FROM a\n", ["FROM a"]),
      ("# escape=`\nFROM a\nRUN x `\ny \\\n", ["# escape=`", "FROM a", "RUN x y \\"]),
      (
        "#Syntax = docker/dockerfile:1 \n# Check=skip=all\n# note\n# escape=`\nFROM a\n",
        ["# syntax=docker/dockerfile:1", "# check=skip=all", "FROM a"]
      ),
      ("\n# escape=`\nFROM a\n", ["FROM a"]),
      ("FROM a\nRUN echo \\\\\nRUN y\n", ["FROM a", "RUN echo \\\\", "RUN y"]),
      ("FROM a\nRUN x \\", ["FROM a", "RUN x"]),
      ("FROM a\n\\\nRUN x", ["FROM a", "RUN x"]),
      ("FROM a\nRUN # not a comment\nRUN 'a # b'\n", ["FROM a", "RUN # not a comment", "RUN 'a # b'"]),
      ("FROM a\n\u{A0}RUN x\n", ["FROM a", "RUN x"]),
      ("FROM a\nRUN <<EOF\n# kept\n\n  x \\\nEOF\nRUN y", ["FROM a", "RUN <<EOF\n# kept\n\n  x \\\nEOF", "RUN y"]),
      ("FROM a\nRUN <<-EOF cat\n\tx\n\tEOF\nRUN y", ["FROM a", "RUN <<-EOF cat\n\tx\nEOF", "RUN y"]),
      (
        "FROM a\nCOPY <<one <<'two' /x\n1\none\n2\ntwo\nRUN y",
        ["FROM a", "COPY <<one <<'two' /x\n1\none\n2\ntwo", "RUN y"]
      ),
      ("FROM a\nRUN cat <<\"E F\"\nx\nE F\nRUN y", ["FROM a", "RUN cat <<\"E F\"\nx\nE F", "RUN y"]),
      ("FROM a\nRUN cat 3<<EOF\nx\r\nEOF\r\nRUN y", ["FROM a", "RUN cat 3<<EOF\nx\r\nEOF", "RUN y"]),
      // No heredocs: JSON, a here-string, an arithmetic shift, a quoted word, other instructions.
      ("FROM a\nRUN [\"cat\", \"<<EOF\"]\nRUN y", ["FROM a", "RUN [\"cat\", \"<<EOF\"]", "RUN y"]),
      (
        "FROM a\nRUN cat <<<x\nRUN echo $((1<<2))\nRUN 'a <<EOF'\nCMD cat <<EOF\nRUN y",
        ["FROM a", "RUN cat <<<x", "RUN echo $((1<<2))", "RUN 'a <<EOF'", "CMD cat <<EOF", "RUN y"]
      ),
      ("FROM a\nONBUILD RUN <<EOF\nx\nEOF\n", ["FROM a", "ONBUILD RUN <<EOF\nx\nEOF"]),
    ] as [(String, [String])])
  func linesAreJoinedAsTheEngineSeesThem(text: String, canonical: [String]) {
    let facts = read(text)
    #expect(facts.errors.isEmpty)
    #expect(facts.canonical == canonical)
  }

  @Test func everyInstructionHasItsLine() {
    let facts = read("# syntax=docker/dockerfile:1\n# c\nFROM a\n\nRUN <<E\n1\n2\nE\n  COPY \\\n a /\nCMD x\n")
    #expect(facts.instructions.map(\.location.line) == [1, 3, 5, 9, 11])
    #expect(facts.instructions[3].location.column == 3)
  }

  /// Comments, blank lines, case and indentation of keywords and breaks between words never count.
  @Test(arguments: 0..<300) func whatDoesNotCountDoesNotCount(seed: UInt64) {
    var random = Seeded(seed)
    let plain: [[String]] = [
      ["FROM", " ", "debian:12", " ", "AS", " ", "base"], ["RUN", " ", "echo", "  ", "'a b'", " ", "#", " ", "c"],
      ["COPY", " ", "--link", " ", "a", " ", "b", " ", "/x"], ["ENV", " ", "A=1", " ", "B=\"x y\""],
      ["RUN", " ", "<<E", " ", "cat\n# in\n\n  body \\\nE"], ["CMD", " ", "[\"a\",", " ", "\"b\"]"],
    ]
    func write(_ noise: Bool) -> String {
      var text = noise ? random.pick(["", "# first\n", "\n\n"]) : ""
      for words in plain {
        let hasHeredoc = words.contains { $0.hasPrefix("<<") }
        for (place, word) in words.enumerated() {
          guard noise else {
            text += word
            continue
          }
          if place == 0 {
            text +=
              random.pick(["", "  ", "\t"])
              + random.pick([word, word.lowercased(), word.prefix(1) + word.dropFirst().lowercased()])
          } else if word.allSatisfy({ $0 == " " }), !(hasHeredoc && place > 1), words[place + 1] != "#",
            random.pick([true, false])
          {
            text += word + "\\" + random.pick(["", " ", " \t"]) + random.pick(["\n", "\r\n"])
            text += random.pick(["", "# c\n", "  # d \\\n", "\n", " \t\n"])
          } else {
            text += word
          }
        }
        text += "\n"
        if noise { text += random.pick(["", "# c\n", "\n \n", "   # d \\\n"]) }
      }
      return text
    }
    let quiet = read(write(false))
    let noisy = write(true)
    #expect(quiet.errors.isEmpty)
    #expect(read(noisy).canonical == quiet.canonical, "\(noisy)")
  }

  /// Any other byte that changes makes another list.
  @Test func whatCountsCounts() {
    let text = "# escape=`\nFROM a AS b\nRUN <<E\nx\n# y\nE\nCOPY --link a b /\nENV A=\"1 2\"\n"
    let before = read(text).canonical
    let skipped = Set([0, 1, 8])
    for (line, content) in text.split(separator: "\n").enumerated() {
      for offset in content.indices {
        var changed = Array(content)
        let place = content.distance(from: content.startIndex, to: offset)
        if line == 0 && skipped.contains(place) || content[offset] == " " { continue }
        changed[place] = content[offset] == "Z" ? "Y" : "Z"
        var lines = text.split(separator: "\n").map(String.init)
        lines[line] = String(changed)
        let after = read(lines.joined(separator: "\n")).canonical
        let isKeywordCase = content[offset].uppercased() == "Z"
        #expect(after != before || isKeywordCase, "\(lines[line])")
      }
    }
  }

  @Test(arguments: 0..<400) func randomBytesNeverCrash(seed: UInt64) {
    var random = Seeded(seed)
    let pieces = [
      "FROM ", "RUN ", "COPY ", "ADD ", "ARG ", "ENV ", "ONBUILD ", "--from=", "--mount=", "type=", "bind", ",", "<<",
      "<<-",
      "EOF", "\n", "\\\n", "\r\n", "# ", "escape=`", "syntax=", "$", "${", "}", ":-", "#", "%", "/", "//", "\"", "'",
      "[", "]",
      "\\", "`", "a", "b:1", "scratch", "0", " AS ", "*", "?", "\u{FEFF}", "é", "\u{85}", "=", "@sha256:", " ",
    ]
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 0..<60, using: &random) {
      if Int.random(in: 0..<40, using: &random) == 0 {
        bytes.append(UInt8.random(in: 0...255, using: &random))
      } else {
        bytes += random.pick(pieces).utf8
      }
    }
    let facts = read(bytes, arguments: ["a": "x"], target: random.pick([nil, "a", "0"]))
    for use in facts.uses { #expect(use.range.upperBound <= bytes.count) }
    let same = DockerfileRewriter.text(
      of: facts, replacing: facts.uses.map { ($0.range, String(decoding: bytes[$0.range], as: UTF8.self)) })
    #expect(same == bytes)
  }
}
