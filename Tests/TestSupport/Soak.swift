internal import Glibc

/// How much longer than usual properties are tried: `COPPICE_SOAK=50 swift test …`.
package enum Soak {
  package static let factor = getenv("COPPICE_SOAK").flatMap { Int(String(cString: $0)) }.map { max(1, $0) } ?? 1

  /// The seeds of one part of a property: `count` of them, more when soaking, none in two parts.
  package static func seeds(_ count: Int, part: Int = 0) -> Range<Int> {
    (part * count * factor)..<((part + 1) * count * factor)
  }
}
