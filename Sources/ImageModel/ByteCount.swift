/// A number of bytes as people write and read it.
package struct ByteCount: Hashable, Sendable, Comparable, CustomStringConvertible {
  package var count: Int

  package init(_ count: Int) { self.count = count }

  private static let units: [(name: String, size: Int)] = [
    ("B", 1), ("kB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
    ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
  ]

  /// Parses `100MB`, `1 GiB`, `4096`: a whole number and perhaps a unit, whose case does not count.
  package init?(_ text: some StringProtocol) {
    let digits = text.prefix { "0"..."9" ~= $0 }
    let unit = text[digits.endIndex...].drop { $0 == " " }.lowercased()
    guard let number = Int(digits),
      let size = Self.units.first(where: { $0.name.lowercased() == unit })?.size
        ?? (unit.isEmpty ? 1 : nil)
    else { return nil }
    let (count, overflow) = number.multipliedReportingOverflow(by: size)
    if overflow { return nil }
    self.count = count
  }

  /// `381 MB`, `1.2 GB`: powers of ten, as disks and registries count.
  package var description: String {
    if count < 1000 { return "\(max(0, count)) B" }
    var value = Double(count)
    for unit in ["kB", "MB", "GB", "TB"] {
      value /= 1000
      if value < 9.95 {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) \(unit)"
      }
      if value < 999.5 || unit == "TB" { return "\(Int(value.rounded())) \(unit)" }
    }
    return "\(count) B"
  }

  package static func < (left: Self, right: Self) -> Bool { left.count < right.count }
}
