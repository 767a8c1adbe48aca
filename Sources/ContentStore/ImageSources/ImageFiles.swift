package import HostSystem
internal import ImageModel
internal import JSONText

/// The files of images by their paths, wherever they lie: in a directory or in an archive.
package protocol ImageFiles: Sendable {
  /// As messages call it.
  var name: String { get }
  /// Nil when there is no such file.
  func size(of path: String) throws -> Int?
  /// - Throws: `Failure` when there is no such file.
  func open(_ path: String) throws -> any ByteReader
}

extension ImageFiles {
  /// Manifests and indexes, as registries limit them; and configs, which hold labels and history.
  static var manifestLimit: Int { 4 << 20 }
  static var configLimit: Int { 16 << 20 }

  func fault(_ message: String, help: String = "it is cut off, damaged, or no image; make it again") -> Failure {
    Failure("\(name): \(message.printable)", help: help)
  }

  /// A small file as a whole.
  func document(_ path: String, _ what: String, limit: Int) throws -> [UInt8] {
    guard let size = try size(of: path) else { throw fault("its \(what) `\(path)` is missing") }
    guard size <= limit else { throw fault("its \(what) `\(path)` has \(size) bytes, more than \(limit)") }
    return try open(path).allBytes(limit: limit, name: "\(name), `\(path.printable)`")
  }

  func json(_ path: String, _ what: String, limit: Int) throws -> JSONValue {
    let bytes = try document(path, what, limit: limit)
    do throws(JSONFault) {
      return try JSONValue(parsing: bytes)
    } catch {
      throw fault("its \(what) `\(path)` is not JSON: \(error)")
    }
  }

  /// A small blob, verified.
  func blob(_ descriptor: BlobDescriptor, _ what: String, limit: Int) throws -> [UInt8] {
    if let data = descriptor.data { return data }
    try check(descriptor, what)
    let bytes = try document(descriptor.path, what, limit: limit)
    let digest = Digest.sha256(bytes)
    guard digest == descriptor.digest else { throw fault("its \(what) \(descriptor.digest) is \(digest)") }
    return bytes
  }

  /// Whether a blob is there, with the size that is promised.
  func check(_ descriptor: BlobDescriptor, _ what: String) throws {
    if descriptor.data != nil { return }
    guard let size = try size(of: descriptor.path) else {
      if let (words, help) = descriptor.missingReason { throw fault("its \(what) \(words)", help: help) }
      throw fault("its \(what) \(descriptor.digest) is missing")
    }
    guard let promised = descriptor.size, promised != size else { return }
    throw fault("its \(what) \(descriptor.digest) has \(size) bytes instead of \(promised)")
  }
}
