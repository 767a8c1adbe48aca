/// A time as RFC 3339 §5.6 writes it, `2026-11-20T11:09:59.5Z`.
struct Timestamp {
  /// Since 1970, rounded down.
  let seconds: Int

  /// Nil for anything else.
  init?(_ text: String) {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int? {
      guard range.upperBound <= bytes.count, bytes[range].allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
      return bytes[range].reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }
    guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
      bytes[10] | 0x20 == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
      let year = number(0..<4), let month = number(5..<7), let day = number(8..<10), let hour = number(11..<13),
      let minute = number(14..<16), let second = number(17..<19), 1...12 ~= month, 1...31 ~= day, hour < 24,
      minute < 60, second <= 60
    else { return nil }
    var place = 19
    if bytes[place] == UInt8(ascii: ".") {
      place += 1
      let digits = bytes[place...].prefix { 0x30...0x39 ~= $0 }.count
      guard digits > 0 else { return nil }
      place += digits
    }
    guard place < bytes.count else { return nil }
    var offset = 0
    switch bytes[place] {
    case UInt8(ascii: "Z"), UInt8(ascii: "z"): guard bytes.count == place + 1 else { return nil }
    case UInt8(ascii: "+"), UInt8(ascii: "-"):
      guard bytes.count == place + 6, bytes[place + 3] == UInt8(ascii: ":"), let hours = number(place + 1..<place + 3),
        let minutes = number(place + 4..<place + 6), hours < 24, minutes < 60
      else { return nil }
      offset = (hours * 60 + minutes) * 60 * (bytes[place] == UInt8(ascii: "-") ? -1 : 1)
    default: return nil
    }
    seconds = Self.days(year, month, day) * 86_400 + (hour * 60 + minute) * 60 + second - offset
  }

  /// Days since 1970 of a date of the Gregorian calendar, whose year is taken to begin in March.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let era = year / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}
