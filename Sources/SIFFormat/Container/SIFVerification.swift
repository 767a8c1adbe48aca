package import HostSystem
package import ImageModel
internal import JSONText

/// Compares everything that a SIF says about itself, and what its sidecar says about it, with what is there.
package struct SIFVerification {
  /// What is wrong, by place.
  package private(set) var faults: [SIFFault] = []
  /// The SHA-256 of the file; nil unless a sidecar has one to compare it with.
  package private(set) var digest: Digest?

  private let image: SIFImage
  private let ids: Set<UInt32>
  private let groups: Set<UInt32>
  private let file: any RandomAccessFile

  package init(_ image: SIFImage, in file: any RandomAccessFile) throws {
    self.image = image
    self.file = file
    ids = Set(image.objects.map(\.id))
    groups = Set(image.objects.compactMap(\.group))
    checkHeader()
    for object in image.objects { try check(object) }
    faults.sort { ($0.offset, $0.message) < ($1.offset, $1.message) }
  }

  private mutating func found(_ offset: Int, _ message: String) { faults.append(SIFFault(offset, message)) }

  private mutating func checkHeader() {
    let header = image.header
    if header.descriptorsSize != header.descriptorsTotal * SIFDescriptor.size {
      found(104, "the table has \(header.descriptorsTotal) entries, but \(header.descriptorsSize) bytes")
    }
    if header.descriptorsFree != header.descriptorsTotal - image.objects.count {
      let free = header.descriptorsTotal - image.objects.count
      found(80, "\(header.descriptorsFree) entries of the table are said to be free, but \(free) are")
    }
    let declared = image.primaryPartition?.partition?.architecture ?? .unknown
    if header.architecture != declared {
      found(45, "the header says \(header.architecture), the primary system partition \(declared)")
    }
    let end = header.dataOffset.addingReportingOverflow(header.dataSize)
    let last = image.objects.map(\.range.upperBound).max() ?? header.dataOffset
    if end.overflow || end.partialValue < last {
      found(112, "the data end at byte \(last), beyond what the header says")
    }
    if !image.isOCI, image.primaryPartition == nil { found(45, "there is no primary system partition to run") }
  }

  private mutating func check(_ object: SIFDescriptor) throws {
    if object.offset < image.header.dataOffset {
      found(object.offset, "object \(object.id) lies before the data")
    }
    switch object.link {
    case .object(let id) where !ids.contains(id):
      found(object.offset, "object \(object.id) refers to object \(id), which is not there")
    case .group(let group) where !groups.contains(group):
      found(object.offset, "object \(object.id) refers to group \(group), which is empty")
    default: break
    }
    switch object.details {
    case .malformed: found(object.offset, "object \(object.id) has no digest")
    case .ociDigest(let digest):
      var hasher = SHA256Hasher()
      try file.forEachPiece(of: object.range) { piece throws(FileSystemError) in hasher.update(piece) }
      if hasher.finish() != digest { found(object.offset, "object \(object.id) is not what its digest says") }
    case .partition(let partition) where partition.fileSystem == .squashfs:
      let magic = try file.bytes(object.offset..<object.offset + min(4, object.count))
      if magic != Array("hsqs".utf8) { found(object.offset, "object \(object.id) does not begin as squashfs does") }
    default: break
    }
    if object.type == .json, object.count <= 64 << 20 {
      do {
        _ = try JSONValue(parsing: try file.bytes(object.range))
      } catch let fault as JSONFault {
        found(object.offset, "object \(object.id) is no JSON: \(fault)")
      }
    }
  }

  /// Compares the file with `FILE.json`, where that has its size or its SHA-256.
  /// - Returns: whether there was something to compare with.
  package mutating func compare(withSidecarIn files: any FileSystem) throws -> Bool {
    let path = FilePath(bytes: file.path.bytes + Array(".json".utf8))
    guard let bytes = try files.contentsIfPresent(of: path, limit: 16 << 20) else { return false }
    guard let sidecar = try? JSONValue(parsing: bytes), sidecar.object != nil else {
      throw Failure("this is no JSON object", at: SourceLocation(file: path), help: "remove it or write it again")
    }
    let size = sidecar["size"]?.integer
    if let size, size != file.size { found(0, "the file has \(file.size) bytes, \(path.name) says \(size)") }
    guard let text = sidecar["sha256"]?.string else { return size != nil }
    var hasher = SHA256Hasher()
    try file.forEachPiece(of: 0..<file.size) { piece throws(FileSystemError) in hasher.update(piece) }
    let digest = hasher.finish()
    self.digest = digest
    if (Digest(text) ?? Digest(hex: text)) != digest {
      found(0, "the file's SHA-256 is \(digest.hex), \(path.name) says \(text)")
    }
    return true
  }
}
