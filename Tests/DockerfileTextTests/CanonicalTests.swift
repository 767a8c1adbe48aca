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

  /// Names and numbers of stages, unused arguments, blanks where no program sees them.
  @Test(
    arguments: [
      ("FROM a AS b\nRUN x", nil, ["FROM a", "RUN x"]), ("FROM a AS b\nFROM b", nil, ["FROM a", "FROM stage 0"]),
      ("FROM z\nFROM a AS b\nFROM B AS c\nRUN x", nil, ["FROM a", "FROM stage 0", "RUN x"]),
      (
        "FROM z\nFROM a AS b\nFROM c\nCOPY --chown=1 --from=b x /\nCOPY --from=1 y /", nil,
        ["FROM a", "FROM c", "COPY --chown=1 --from=0 x /", "COPY --from=0 y /"]
      ),
      (
        "FROM a AS b\nFROM c\nARG S=b\nCOPY --from=\"b\" x /\nCOPY --from=$S y /", nil,
        ["FROM a", "FROM c", "ARG S=b", "COPY --from=\"0\" x /", "COPY --from=0 y /"]
      ),
      (
        "FROM a AS b\nFROM c\nRUN --mount=type=bind,from=b,target=/b --mount=from=d,target=/d  x  y", nil,
        ["FROM a", "FROM c", "RUN --mount=type=bind,from=0,target=/b --mount=from=d,target=/d x  y"]
      ),
      ("FROM a AS b\nFROM c AS d", "b", ["FROM a"]), ("FROM a AS b\nRUN x\nFROM c", "0", ["FROM a", "RUN x"]),
      ("FROM --platform=linux/arm64  a  as  b", nil, ["FROM --platform=linux/arm64 a"]),
      // What stays in the image stays as it is written.
      (
        "FROM a AS b\nFROM c\nCOPY --from=b x /\nONBUILD COPY  --from=b y /", nil,
        ["FROM a", "FROM c", "COPY --from=0 x /", "ONBUILD COPY  --from=b y /"]
      ),
      ("FROM a AS b\nARG TARGETSTAGE\nRUN x", nil, ["FROM a AS b", "ARG TARGETSTAGE", "RUN x"]),
      (
        "FROM a@sha256:\(String(repeating: "0", count: 64)) AS b", nil,
        ["FROM a@sha256:\(String(repeating: "0", count: 64)) AS b"]
      ),
      (
        "ARG A=1\nFROM a@sha256:\(String(repeating: "0", count: 64)) AS b\nCMD [ \"x\" ]\nFROM b\nCOPY --from=b  x /",
        nil,
        [
          "FROM a@sha256:\(String(repeating: "0", count: 64)) AS b", "CMD [\"x\"]", "FROM b",
          "COPY --from=b x /",
        ]
      ),
      // Arguments before the first FROM.
      ("ARG A=1\nARG B=2 C=3\nFROM a:$C", nil, ["ARG B=2 C=3", "FROM a:$C"]),
      ("ARG A=1\nARG B=${A}2\nFROM a\nARG B", nil, ["ARG A=1", "ARG B=${A}2", "FROM a", "ARG B"]),
      ("ARG A=1\nARG B=${A}2\nFROM a\nARG A", nil, ["ARG A=1", "FROM a", "ARG A"]),
      ("ARG A=1\nFROM z:$A AS unused\nFROM a", nil, ["FROM a"]),
      ("ARG P=linux/arm64\nFROM --platform=$P a", nil, ["ARG P=linux/arm64", "FROM --platform=$P a"]),
      ("ARG A=1\nFROM a AS b\nONBUILD ARG A\nFROM b", nil, ["ARG A=1", "FROM a", "ONBUILD ARG A", "FROM stage 0"]),
      ("ARG \"A\"=1\nARG B=1\nFROM a", nil, ["ARG \"A\"=1", "ARG B=1", "FROM a"]),
      ("ARG BUILDKIT_X=1\nFROM a", nil, ["ARG BUILDKIT_X=1", "FROM a"]),
      ("ARG A=1\nFROM a\nFETCH $A", nil, ["ARG A=1", "FROM a", "FETCH $A"]),
      // Blanks.
      ("FROM a\nCMD [ \"a\" , \"b c\\\" d\" ]", nil, ["FROM a", "CMD [\"a\",\"b c\\\" d\"]"]),
      ("FROM a\nRUN --network=none [ \"a\" ]", nil, ["FROM a", "RUN --network=none [\"a\"]"]),
      ("FROM a\nHEALTHCHECK --retries=3  CMD  [ \"a\" ]", nil, ["FROM a", "HEALTHCHECK --retries=3 CMD [\"a\"]"]),
      ("FROM a\nSHELL [ \"a\" ]\nVOLUME [ \"/a\" ]", nil, ["FROM a", "SHELL [\"a\"]", "VOLUME [\"/a\"]"]),
      ("FROM a\nCMD [ 'a' ]\nRUN [ a ]", nil, ["FROM a", "CMD [ 'a' ]", "RUN [ a ]"]),
      ("FROM a\nLABEL a=[ \"b\" ]\nENV A [ \"b\" ]", nil, ["FROM a", "LABEL a=[ \"b\" ]", "ENV A [ \"b\" ]"]),
      ("FROM a\nCOPY  a \\\n  b\t/\nEXPOSE 1   2\nRUN a  b", nil, ["FROM a", "COPY a b /", "EXPOSE 1 2", "RUN a  b"]),
      (
        "FROM a\nCOPY --from=x \\\n    --chown=\"a  b\"  c \\\n /\nRUN  --network=none   --  --x  y", nil,
        ["FROM a", "COPY --from=x --chown=\"a  b\" c /", "RUN --network=none -- --x  y"]
      ),
      (
        "FROM a\nENV A=1 \\\n    B=\"x  y\"  C=d\\  e\nLABEL  l=1\tm=''\nARG X  Y='  '\nENV A  b  c=d\nLABEL l  m=1",
        nil,
        [
          "FROM a", "ENV A=1 B=\"x  y\" C=d\\  e", "LABEL l=1 m=''", "ARG X Y='  '", "ENV A  b  c=d", "LABEL l  m=1",
        ]
      ),
      ("FROM a\nCOPY <<E  b  /\nx\nE", nil, ["FROM a", "COPY <<E  b  /\nx\nE"]),
    ] as [(String, String?, [String])])
  func whatEnginesDoNotLookAtDoesNotCount(text: String, target: String?, counted: [String]) {
    #expect(read(text, target: target).counted.map(\.text) == counted)
  }

  @Test func onlyArgumentsThatSomethingTakesCount() {
    let facts = read(
      "ARG A=1\nARG B=1\nARG C=$B\nFROM a:$C AS x\nARG D\nONBUILD ARG E\nFROM z AS unused\nARG F\nFROM x")
    for name in ["B", "C", "D", "E", "http_proxy", "BUILDKIT_SYNTAX", "TARGETARCH", "SOURCE_DATE_EPOCH"] {
      #expect(facts.takes(name), "\(name)")
    }
    for name in ["A", "F", "G"] { #expect(!facts.takes(name), "\(name)") }
    for text in ["FROM a\nFETCH x", "FROM a\nARG \"A\"=1", "# syntax=x/y\nFROM a"] {
      #expect(read(text).takes("ANY"), "\(text)")
      #expect(read(text).countsTarget || text.contains("ARG"), "\(text)")
    }
    #expect(!read("FROM a").countsTarget && read("FROM a\nARG TARGETSTAGE").countsTarget)
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
