internal import CCrypto

/// MD5 over a stream of bytes: what casa_distro's clients compare; it proves nothing against people.
package struct MD5Hasher: Sendable {
  private var context = MD5_CTX()

  package init() { MD5_Init(&context) }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) { MD5_Update(&context, bytes.baseAddress, bytes.count) }

  package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  /// 32 hexadecimal digits for all that was given.
  package func finish() -> String {
    var last = context
    var bytes = [UInt8](repeating: 0, count: 16)
    MD5_Final(&bytes, &last)
    return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
