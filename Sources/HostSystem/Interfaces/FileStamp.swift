/// What tells one state of a file from another, as 48 bytes: kind, permissions, device, inode, size and times.
///
/// ctime cannot be set back, so equal stamps mean an unchanged file but for a change within one tick of the file
/// system's clock; `unsettled` is what stands for stamps that are too young to be trusted.
package struct FileStamp: Hashable, Sendable {
  package static let size = 48

  private var words: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)

  package init(_ status: FileStatus) {
    words = (
      UInt64(status.kind.rawValue) | UInt64(status.mode) << 16, status.device, status.inode,
      UInt64(bitPattern: Int64(status.size)), UInt64(bitPattern: Int64(status.modified)),
      UInt64(bitPattern: Int64(status.changed))
    )
  }

  /// What it was made from; nil for a marker.
  package var status: FileStatus? {
    guard let kind = FileStatus.Kind(rawValue: UInt8(truncatingIfNeeded: words.0)) else { return nil }
    return FileStatus(
      kind: kind, mode: UInt16(truncatingIfNeeded: words.0 >> 16), device: words.1, inode: words.2,
      size: Int(Int64(bitPattern: words.3)), modified: Int(Int64(bitPattern: words.4)),
      changed: Int(Int64(bitPattern: words.5)))
  }

  private init(marker: UInt64) { words = (marker, 0, 0, 0, 0, 0) }

  /// No such file.
  package static let absent = FileStamp(marker: 0xFF)
  /// No such file, since something on the way to it is no directory.
  package static let blocked = FileStamp(marker: 0xFD)
  /// Equals nothing that a file system says.
  package static let unsettled = FileStamp(marker: 0xFE)

  /// Whether the file may have changed at or after `moment`, in nanoseconds since 1970.
  package func isYounger(than moment: Int) -> Bool {
    !isAbsent && (Int64(bitPattern: words.4) >= moment || Int64(bitPattern: words.5) >= moment)
  }

  package var isAbsent: Bool { self == .absent || self == .blocked }

  /// What a file system says instead of a status; nil for what no stamp can tell.
  package init?(_ reason: FileSystemError.Reason) {
    switch reason {
    case .notFound: self = .absent
    case .notADirectory: self = .blocked
    default: return nil
    }
  }

  // MARK: As bytes

  package init(reading bytes: UnsafeRawPointer) {
    func word(_ index: Int) -> UInt64 { bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) }
    words = (word(0), word(1), word(2), word(3), word(4), word(5))
  }

  package func append(to bytes: inout [UInt8]) { withBytes { bytes.append(contentsOf: $0) } }

  func withBytes(_ body: (UnsafeRawBufferPointer) -> Void) { withUnsafeBytes(of: words, body) }

  package static func == (left: Self, right: Self) -> Bool {
    left.words.5 == right.words.5 && left.words.4 == right.words.4 && left.words.3 == right.words.3
      && left.words.2 == right.words.2 && left.words.1 == right.words.1 && left.words.0 == right.words.0
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(words.1)
    hasher.combine(words.2)
  }
}
