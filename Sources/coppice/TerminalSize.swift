internal import Glibc

/// How much a terminal shows.
struct TerminalSize: Sendable, Equatable {
  var columns: Int
  var rows: Int

  static let standard = TerminalSize(columns: 80, rows: 24)

  /// Of the terminal behind a descriptor; the standard where there is none.
  static func current(_ descriptor: Int32) -> TerminalSize {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else { return .standard }
    return TerminalSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
  }
}
