package import HostSystem
package import ImageModel

extension ImageLayout {
  /// Keeps what is known beside a list of inputs, for as long as the list stays.
  package func keepDetails(_ bytes: [UInt8], ofList list: Digest) throws {
    try inStore { try write(details / FilePath(list.hex), bytes) }
  }

  /// What is kept beside a list of inputs; nil when there is nothing.
  package func details(ofList list: Digest) -> [UInt8]? {
    (try? files.contentsIfPresent(of: details / FilePath(list.hex), limit: 64 << 20)) ?? nil
  }

  /// Keeps the map of a SIF's blocks, for as long as the SIF stays.
  package func keepBlockMap(_ bytes: [UInt8], ofSIF sif: Digest) throws {
    try inStore { try write(blockMaps / FilePath(sif.hex), bytes) }
  }

  /// The map of a SIF's blocks; nil when there is none.
  package func blockMap(ofSIF sif: Digest) -> FileBytes? {
    (try? files.mapped(blockMaps / FilePath(sif.hex))) ?? nil
  }
}
