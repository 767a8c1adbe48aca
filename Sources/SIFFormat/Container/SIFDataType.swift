/// What an object of a SIF is, in the words of `apptainer sif list`.
package struct SIFDataType: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
  package let rawValue: Int32

  package init(rawValue: Int32) { self.rawValue = rawValue }

  package static let definition = SIFDataType(rawValue: 0x4001)
  package static let environment = SIFDataType(rawValue: 0x4002)
  package static let labels = SIFDataType(rawValue: 0x4003)
  package static let partition = SIFDataType(rawValue: 0x4004)
  package static let signature = SIFDataType(rawValue: 0x4005)
  package static let json = SIFDataType(rawValue: 0x4006)
  package static let generic = SIFDataType(rawValue: 0x4007)
  package static let cryptoMessage = SIFDataType(rawValue: 0x4008)
  package static let sbom = SIFDataType(rawValue: 0x4009)
  package static let ociRootIndex = SIFDataType(rawValue: 0x400A)
  package static let ociBlob = SIFDataType(rawValue: 0x400B)

  package var description: String {
    switch self {
    case .definition: "Def.FILE"
    case .environment: "Env.Vars"
    case .labels: "JSON.Labels"
    case .partition: "FS"
    case .signature: "Signature"
    case .json: "JSON.Generic"
    case .generic: "Generic/Raw"
    case .cryptoMessage: "Cryptographic Message"
    case .sbom: "SBOM"
    case .ociRootIndex: "OCI.RootIndex"
    case .ociBlob: "OCI.Blob"
    default: "Unknown (0x\(String(UInt32(bitPattern: rawValue), radix: 16)))"
    }
  }
}
