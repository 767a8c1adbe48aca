extension HTTPResponse {
  /// How long `Retry-After` asks to wait: in seconds, or until a date as the server's own clock sees it.
  var retryAfter: Duration? {
    guard let text = self["retry-after"] else { return nil }
    if let seconds = Int(text) { return seconds >= 0 ? .seconds(min(seconds, 1 << 31)) : nil }
    guard let until = HTTPDate.seconds(text), let now = self["date"].flatMap(HTTPDate.seconds) else { return nil }
    return .seconds(max(0, until - now))
  }
}

/// The dates of RFC 9110 §5.6.7 in the one form that may be sent: `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

  /// Seconds since 1970; nil for anything else.
  static func seconds(_ text: String) -> Int? {
    let words = text.split(separator: " ")
    guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: String(words[2])),
      let day = UInt8(words[1]), (1...31).contains(day), let year = UInt16(words[3]), (1970...9999).contains(year)
    else { return nil }
    let time = words[4].split(separator: ":", omittingEmptySubsequences: false).compactMap { UInt8($0) }
    guard time.count == 3, time[0] < 24, time[1] < 60, time[2] <= 60 else { return nil }
    return days(Int(year), month + 1, Int(day)) * 86400 + Int(time[0]) * 3600 + Int(time[1]) * 60 + Int(time[2])
  }

  /// Days since 1970 of the Gregorian calendar: years that begin in March have their leap day at the end.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let (year, month) = month > 2 ? (year, month - 3) : (year - 1, month + 9)
    return year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468
  }
}
