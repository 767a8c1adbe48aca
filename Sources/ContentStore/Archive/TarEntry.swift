/// One entry of a tar archive, long names and PAX records taken into account.
package struct TarEntry: Sendable {
  package enum Kind: UInt8, Sendable, Hashable {
    case file = 0x30
    case hardLink, symbolicLink, characterDevice, blockDevice, directory, fifo
    /// Anything else; its content is kept as a file's would be.
    case other
  }

  /// As written: may be absolute, hold `..`, end with a slash.
  package var path: [UInt8]
  package var kind: Kind
  /// 0o7777
  package var mode: Int
  package var uid: Int
  package var gid: Int
  /// Bytes of content, the holes of a sparse file among them.
  package var size: Int
  /// Seconds since 1970.
  package var modified: Int
  /// Target of a link, as written.
  package var link: [UInt8]
  package var deviceMajor: Int
  package var deviceMinor: Int
  /// Extended attributes by name.
  package var attributes: [[UInt8]: [UInt8]]

  package var name: String { String(decoding: path, as: UTF8.self) }
  var hasContent: Bool { kind == .file || kind == .other }
}

extension String {
  /// Without control characters, which an archive could use to write to a terminal.
  var printable: String {
    String(String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "\u{FFFD}" : $0 }))
  }
}

extension TarEntry {
  /// - Parameter records: override the header.
  init(_ header: TarHeader, longName: [UInt8]?, longLink: [UInt8]?, _ records: PaxRecords) throws(PaxRecords.Fault) {
    path = records.bytes("GNU.sparse.name") ?? records.bytes("path") ?? longName ?? header.path
    link = records.bytes("linkpath") ?? longLink ?? header.link
    mode = header.mode
    uid = try records.number("uid") ?? header.uid
    gid = try records.number("gid") ?? header.gid
    modified = records.seconds("mtime") ?? header.modified
    deviceMajor = header.deviceMajor
    deviceMinor = header.deviceMinor
    attributes = records.attributes
    switch header.type {
    case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
      // Before ustar a directory was a file whose name ends with a slash.
      kind = header.type == 0 && path.last == UInt8(ascii: "/") ? .directory : .file
    case UInt8(ascii: "1")...UInt8(ascii: "6"): kind = Kind(rawValue: header.type) ?? .other
    case UInt8(ascii: "S"): kind = .file
    default: kind = .other
    }
    // As in Go's archive/tar, which all engines use: these have no content, whatever their size says.
    size = kind == .file || kind == .other ? try records.number("size") ?? header.size : 0
  }
}
