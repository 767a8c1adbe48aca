package import HostSystem
internal import ImageModel
package import JSONText

/// What a SIF tells about its container without its file system: `inspect-metadata.json` and the definition.
package struct SIFMetadata: Sendable {
  package static let inspectName = "inspect-metadata.json"
  package static let ociConfigName = "oci-config.json"

  /// The whole of `inspect-metadata.json`; nil when there is none.
  package let inspect: JSONValue?
  /// The `config` of the OCI image; nil when there is none.
  package let ociConfig: JSONValue?
  /// The definition file; nil when there is none.
  package let definition: String?

  /// - Throws: when this is an OCI-SIF, or an object is not what its name says.
  package init(_ image: SIFImage, in file: any RandomAccessFile) throws {
    if image.isOCI {
      throw Failure(
        "this is an OCI-SIF: it holds an OCI image, no root file system with a definition",
        at: SourceLocation(file: file.path), help: "SingularityCE 4 reads it; `coppice sif list` shows its blobs")
    }
    func json(_ name: String) throws -> JSONValue? {
      guard let object = image.json(name) else { return nil }
      let bytes = try image.bytes(of: object, in: file)
      do throws(JSONFault) {
        return try JSONValue(parsing: bytes)
      } catch {
        throw SIFFault(object.offset, "\(name) is no JSON: \(error)").failure(of: file.path)
      }
    }
    inspect = try json(Self.inspectName)
    ociConfig = try json(Self.ociConfigName)
    let text = try image.definition.map { String(decoding: try image.bytes(of: $0, in: file), as: UTF8.self) }
    definition = text ?? inspect?["data"]?["attributes"]?["deffile"]?.string
  }

  /// What `inspect-metadata.json` says of the container.
  package var attributes: JSONValue? { inspect?["data"]?["attributes"] }
  package var labels: [String: String] { attributes?["labels"]?.stringMap ?? [:] }
  /// The scripts of the environment by their paths.
  package var environment: [String: String] { attributes?["environment"]?.stringMap ?? [:] }
  package var runscript: String? { attributes?["runscript"]?.string }
}
