/// How much of something has come through, and how fast; pure.
struct TransferMeter: Sendable {
  private(set) var bytes = 0
  private let start: Duration
  /// Oldest first; at least a quarter of a second apart, and of the last seconds.
  private var samples: [(time: Duration, bytes: Int)] = []
  private var lastTold: Duration?

  private static let (window, step) = (Duration.seconds(5), Duration.milliseconds(250))

  init(at now: Duration) { start = now }

  /// - Parameter count: less than nothing when some was lost.
  mutating func add(_ count: Int, at now: Duration) {
    bytes = max(0, bytes + count)
    // What was there before is told first, and was not fast.
    if let last = samples.last, now - last.time < Self.step { return }
    samples.append((now, bytes))
    while samples.count > 2, now - samples[0].time > Self.window { samples.removeFirst() }
  }

  func elapsed(at now: Duration) -> Duration { now - start }

  /// Bytes a second of late; nil where that cannot be known yet.
  func rate(at now: Duration) -> Int? {
    guard let first = samples.first, now - first.time >= Self.step, bytes > first.bytes else { return nil }
    return Int(Double(bytes - first.bytes) / (now - first.time).inSeconds)
  }

  /// Of the whole time.
  func averageRate(at now: Duration) -> Int? {
    let seconds = elapsed(at: now).inSeconds
    return seconds > 0.05 && bytes > 0 ? Int(Double(bytes) / seconds) : nil
  }

  /// Whether it was not told for some time; it counts as told then.
  mutating func isDue(every pause: Duration, at now: Duration) -> Bool {
    if let lastTold, now - lastTold < pause { return false }
    lastTold = now
    return true
  }

  /// `600 MB of 1.2 GB, 12 MB/s, about 50.0 s left`.
  func text(of total: Int?, at now: Duration) -> String {
    var text = HumanText.bytes(bytes)
    if let total { text += " of \(HumanText.bytes(total))" }
    guard let rate = rate(at: now), rate > 0 else { return text }
    text += ", \(HumanText.bytes(rate))/s"
    guard let total, total > bytes else { return text }
    return text + ", about \(HumanText.duration(.seconds(Double(total - bytes) / Double(rate)))) left"
  }

  /// `1.2 GB in 1 m 40 s, 12 MB/s`.
  func summary(at now: Duration) -> String {
    let rate = averageRate(at: now).map { ", \(HumanText.bytes($0))/s" } ?? ""
    return "\(HumanText.bytes(bytes)) in \(HumanText.duration(elapsed(at: now)))" + rate
  }
}
