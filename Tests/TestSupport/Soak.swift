internal import Glibc

/// How much longer than usual properties are tried: `COPPICE_SOAK=50 swift test …`.
package enum Soak {
  package static let factor = getenv("COPPICE_SOAK").flatMap { Int(String(cString: $0)) }.map { max(1, $0) } ?? 1

  /// The `COPPICE_SEED` that a failure named.
  private static let named = getenv("COPPICE_SEED").flatMap { Int(String(cString: $0)) }

  /// Where properties begin that try only some of their places: elsewhere in every run, unless a seed was named.
  package static let start = named ?? .random(in: 0..<1_000_000)

  /// How often a run is killed somewhere: 200 times and more when soaking.
  package static func kills(_ usual: Int) -> Int { factor > 1 ? max(200, usual * factor) : usual }

  /// The seeds of one part of a property: `count` of them, more when soaking, none in two parts; or the one that was named.
  package static func seeds(_ count: Int, part: Int = 0) -> Range<Int> {
    if let named { return named..<(named + 1) }
    return (part * count * factor)..<((part + 1) * count * factor)
  }

  /// Says how far a long run is, at once: what `print` writes into a pipe comes at the end.
  package static func tell(_ text: @autoclosure () -> String) {
    guard factor > 1 else { return }
    let line = "soak: \(text())\n"
    _ = line.withCString { write(STDERR_FILENO, $0, strlen($0)) }
  }
}
