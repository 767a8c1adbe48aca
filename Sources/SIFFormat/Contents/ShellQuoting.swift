extension String {
  /// With what a shell's double quotes leave special escaped.
  var escapedForDoubleQuotes: String {
    var escaped = ""
    for scalar in unicodeScalars {
      if "\\\"`$".unicodeScalars.contains(scalar) { escaped.unicodeScalars.append("\\") }
      escaped.unicodeScalars.append(scalar)
    }
    return escaped
  }

  /// For the inside of a shell's single quotes.
  var escapedForSingleQuotes: String {
    var escaped = ""
    for scalar in unicodeScalars {
      if scalar == "'" { escaped += "'\"'\"'" } else { escaped.unicodeScalars.append(scalar) }
    }
    return escaped
  }

  /// Whether a shell takes it for a variable.
  var isVariableName: Bool {
    guard let first = utf8.first, first == UInt8(ascii: "_") || first.isLetter else { return false }
    return utf8.allSatisfy { $0 == UInt8(ascii: "_") || $0.isLetter || (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= $0 }
  }
}

extension UInt8 {
  fileprivate var isLetter: Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")) ~= self || (UInt8(ascii: "A")...UInt8(ascii: "Z")) ~= self
  }
}
