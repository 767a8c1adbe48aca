/// A file system in a SIF.
package struct SIFPartition: Sendable, Hashable, CustomStringConvertible {
  package enum FileSystem: Int32, Sendable, Hashable, CustomStringConvertible {
    case unknown = 0, squashfs, ext3, archive, raw, encryptedSquashfs, gocryptfsSquashfs

    init(code: Int32) {
      let known: [FileSystem] = [.squashfs, .ext3, .archive, .raw, .encryptedSquashfs, .gocryptfsSquashfs]
      self = known.first { $0.rawValue == code } ?? .unknown
    }

    package var description: String {
      switch self {
      case .unknown: "Unknown"
      case .squashfs: "Squashfs"
      case .ext3: "Ext3"
      case .archive: "Archive"
      case .raw: "Raw"
      case .encryptedSquashfs: "Encrypted squashfs"
      case .gocryptfsSquashfs: "Gocryptfs squashfs"
      }
    }
  }

  package enum Kind: Int32, Sendable, Hashable, CustomStringConvertible {
    case unknown = 0, system, primarySystem, data, overlay

    init(code: Int32) {
      let known: [Kind] = [.system, .primarySystem, .data, .overlay]
      self = known.first { $0.rawValue == code } ?? .unknown
    }

    package var description: String {
      switch self {
      case .unknown: "Unknown"
      case .system: "System"
      case .primarySystem: "*System"
      case .data: "Data"
      case .overlay: "Overlay"
      }
    }
  }

  package var fileSystem: FileSystem
  package var kind: Kind
  package var architecture: SIFArchitecture

  package init(fileSystem: FileSystem, kind: Kind, architecture: SIFArchitecture) {
    self.fileSystem = fileSystem
    self.kind = kind
    self.architecture = architecture
  }

  package var description: String { "\(fileSystem)/\(kind)/\(architecture)" }

  /// The details as a descriptor holds them.
  var encoded: [UInt8] {
    var fields = FieldWriter()
    fields.put(fileSystem.rawValue)
    fields.put(kind.rawValue)
    fields.put(architecture.code)
    return fields.bytes
  }
}
