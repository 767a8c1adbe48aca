internal import ImageModel

/// The script that gives a container the environment of its image, where the caller has not set the variables.
enum EnvironmentScript {
  static func text(_ environment: [String]) -> String {
    "#!/bin/sh\n" + environment.compactMap(line).map { $0 + "\n" }.joined()
  }

  private static func line(_ entry: String) -> String? {
    let (name, value) = split(entry)
    guard name.isVariableName else { return nil }
    guard let value else { return "export \(name)=\"${\(name):-}\"" }
    let quoted = "\"\(value.escapedForDoubleQuotes)\""
    if name == "PATH" { return "export PATH=\(quoted)" }
    // Within the inner quotes bash would run what stands in `<(…)`.
    if value.contains("<(") || value.contains(">(") {
      return "[ -n \"${\(name):-}\" ] || \(name)=\(quoted)\nexport \(name)"
    }
    return "export \(name)=\"${\(name):-\(quoted)}\""
  }

  /// A warning for each entry that no shell can take.
  static func faults(_ environment: [String]) -> [Diagnostic] {
    environment.map { split($0).name }.filter { !$0.isVariableName }.map { name in
      Diagnostic(.warning, "the environment variable '\(name)' is left out: a shell takes no variable of that name")
    }
  }

  private static func split(_ entry: String) -> (name: String, value: String?) {
    guard let equals = entry.utf8.firstIndex(of: UInt8(ascii: "=")) else { return (entry, nil) }
    return (String(entry[..<equals]), String(entry[entry.utf8.index(after: equals)...]))
  }
}
