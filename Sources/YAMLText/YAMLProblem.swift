internal import CYAML
internal import ImageModel

/// Why libyaml stopped, in words that say what to do.
struct YAMLProblem {
  let diagnostic: Diagnostic

  init(_ parser: UnsafeMutablePointer<yaml_parser_t>, _ source: SourceText) {
    let state = parser.pointee
    let problem = state.problem.map { String(cString: $0) } ?? "the text is not YAML"
    let context = state.context.map { String(cString: $0) } ?? ""
    var (line, column) = (state.problem_mark.line + 1, state.problem_mark.column + 1)
    let opening = state.context_mark.line + 1
    let message: String
    var help: String?

    switch problem {
    case _ where state.error == YAML_READER_ERROR:
      let before = source.utf8.prefix(state.problem_offset)
      (line, column) = source.position(afterCharacters: String(decoding: before, as: UTF8.self).unicodeScalars.count)
      let digits = String(max(0, state.problem_value), radix: 16, uppercase: true)
      message =
        "the character U+\(String(repeating: "0", count: max(0, 4 - digits.count)) + digits) is not allowed here"
    case "found character that cannot start any token":
      let character = source.character(line: line, column: column)
      if character == "\t" {
        message = "a tab is used for indentation"
        help = "indent with spaces"
      } else {
        message = "a value cannot begin with '\(character.map(String.init) ?? "")'"
        help = "put the value in quotes"
      }
    case "found a tab character that violates indentation",
      "found a tab character where an indentation space is expected":
      message = "a tab is used for indentation"
      help = "indent with spaces"
    case "found unexpected end of stream" where context == "while scanning a quoted scalar",
      "found unexpected document indicator" where context == "while scanning a quoted scalar":
      (line, column) = (opening, state.context_mark.column + 1)
      message = "the quote that opens here is never closed"
    case "mapping values are not allowed in this context":
      message = "a ':' is not allowed here"
      help = "put a value that has ': ' in it in quotes, or look at the indentation"
    case "could not find expected ':'":
      (line, column) = (opening, state.context_mark.column + 1)
      message = "expected ':' after this key"
    case "did not find expected key" where context == "while parsing a block mapping":
      message = "expected a key indented as the one in line \(opening)"
    case "did not find expected '-' indicator":
      message = "expected '- ' indented as the one in line \(opening)"
    case "did not find expected ',' or ']'":
      message = "expected ',' or ']' in the list that opens in line \(opening)"
    case "did not find expected ',' or '}'":
      message = "expected ',' or '}' in the mapping that opens in line \(opening)"
    case "did not find expected <document start>":
      message = "expected the end of the file here"
      help = "look at the indentation of this line"
    default:
      message = context.isEmpty ? problem : "\(problem) \(context)"
    }
    (line, column) = source.clamped(line: line, column: column)
    diagnostic = source.diagnostic(.error, "invalid YAML: \(message)", line: line, column: column, help: help)
  }
}
