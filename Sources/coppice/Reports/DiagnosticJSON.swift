internal import ImageModel
internal import JSONText

/// Diagnostics for programs: what `coppice lint --json` prints.
enum DiagnosticJSON {
  static func value(_ diagnostics: [Diagnostic]) -> JSONValue { ["diagnostics": .array(diagnostics.map(value))] }

  static func value(_ diagnostic: Diagnostic) -> JSONValue {
    var object = JSONObject([
      ("severity", .string(diagnostic.severity.rawValue)), ("message", .string(diagnostic.message)),
    ])
    if let rule = diagnostic.rule { object.append("rule", .string(rule.rawValue)) }
    if let location = diagnostic.location {
      object.append("file", .string("\(location.file)"))
      if location.line > 0 { object.append("line", .integer(location.line)) }
      if location.column > 0 { object.append("column", .integer(location.column)) }
    }
    if let help = diagnostic.help { object.append("help", .string(help)) }
    return .object(object)
  }
}
