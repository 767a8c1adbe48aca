internal import HostSystem
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
}
