/// Texts as shells read them.
enum ShellText {
  /// One word for a POSIX shell, whatever is in it but NUL.
  static func word(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    let quote = Array("'".utf8)
    return quote + bytes.flatMap { $0 == UInt8(ascii: "'") ? Array(#"'\''"#.utf8) : [$0] } + quote
  }

  static func word(_ text: String) -> String { String(decoding: word(text.utf8), as: UTF8.self) }

  /// One word for any shell that somebody may have as login shell: sh, bash, zsh, csh, fish.
  ///
  /// What they read differently within quotes (quotes, backslashes, the history of csh) stands outside of them.
  /// - Precondition: no control character is in it.
  static func wordOfAnyShell(_ text: String) -> String {
    var result = ""
    var isQuoted = false
    for character in text.unicodeScalars {
      let isSpecial = "'\\!".unicodeScalars.contains(character)
      if isQuoted == isSpecial {
        result += "'"
        isQuoted.toggle()
      }
      result += (isSpecial ? "\\" : "") + String(character)
    }
    return result.isEmpty ? "''" : result + (isQuoted ? "'" : "")
  }

  /// One word in the command that rsync gets with `-e`, which no shell reads: a quote within quotes is doubled.
  static func wordOfRsync(_ text: String) -> String {
    "'" + text.reduce(into: "") { $0 += $1 == "'" ? "''" : String($1) } + "'"
  }
}
