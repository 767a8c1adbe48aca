/// The value of a `RUN --mount=…`: comma-separated `KEY=VALUE` and `KEY`.
///
/// Source: moby/buildkit `commands_runmount.go`; the fields are CSV.
struct MountOptions {
  struct Option {
    /// In lower case.
    var key: String
    var value: MappedText?
  }

  var options: [Option] = []

  init(_ value: MappedText) {
    var field = MappedText(at: value.start)
    var isQuoted = false
    for (index, byte) in value.bytes.enumerated() {
      if byte == Ascii.quote {
        isQuoted.toggle()
      } else if byte == Ascii.comma, !isQuoted {
        append(field)
        field = MappedText(at: value.offsets[index] + 1)
      } else {
        field.append(byte, at: value.offsets[index])
      }
    }
    append(field)
  }

  private mutating func append(_ field: MappedText) {
    let equals = field.bytes.firstIndex(of: Ascii.equals)
    let key = String(decoding: field.bytes[..<(equals ?? field.count)].map(Ascii.lowercased), as: UTF8.self)
    options.append(Option(key: key, value: equals.map { field.dropFirst($0 + 1) }))
  }

  func value(_ keys: String...) -> MappedText? { options.last { keys.contains($0.key) }?.value }
}
