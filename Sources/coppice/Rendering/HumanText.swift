internal import ImageModel

/// Durations, sizes and counts as people read them.
enum HumanText {
  /// `0.4 s`, `12.3 s`, `2 m 13 s`, `1 h 02 m`, `3 d 4 h`.
  static func duration(_ duration: Duration) -> String {
    let tenths = max(0, Int((duration.inSeconds * 10).rounded()))
    if tenths < 600 { return "\(tenths / 10).\(tenths % 10) s" }
    let seconds = max(60, Int(duration.inSeconds.rounded()))
    if seconds < 3600 { return "\(seconds / 60) m \(padded(seconds % 60)) s" }
    if seconds < 86_400 { return "\(seconds / 3600) h \(padded(seconds % 3600 / 60)) m" }
    return "\(seconds / 86_400) d \(seconds % 86_400 / 3600) h"
  }

  /// `381 MB`, `1.2 GB`: powers of ten, as disks and registries count.
  static func bytes(_ count: Int) -> String { ByteCount(count).description }

  /// `1 image`, `2 images`.
  static func count(_ number: Int, _ singular: String, _ plural: String? = nil) -> String {
    number == 1 ? "1 \(singular)" : "\(number) \(plural ?? singular + "s")"
  }

  private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
