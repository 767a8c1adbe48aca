package import ImageModel

/// Where artifacts are published: first all that is new comes there unseen, then names switch to it.
///
/// Everything throws `Failure` in words, or `CancellationError`.
package protocol Destination: Sendable {
  /// What each name leads to now; a name that leads nowhere is left out.
  /// - Parameter names: with what each should lead to, as far as that is known: nobody need look closer then.
  func published(_ names: [String: Digest?]) async throws -> [String: PublishedVersion]

  /// What names will lead to once a shipment is published.
  func target(of shipment: Shipment) throws -> Digest

  /// How many bytes of each shipment are not there; what several have in common counts once.
  func missingBytes(of shipments: [Shipment]) async throws -> [Int]

  /// Keeps other publishers away, where a destination can; ends with what is returned.
  func hold() async throws -> (any DestinationHold)?

  /// Brings all of a shipment there, verified; no name leads to it yet. What is there is not sent again.
  /// - Parameter progress: told how many more bytes are there.
  func upload(_ shipment: Shipment, progress: @escaping @Sendable (Int) -> Void) async throws

  /// Lets names lead to what was uploaded, or was there before; one that leads to it already is passed over.
  ///
  /// A name that leads to neither `from` nor `to` was moved by somebody else: that is an error, and it stays.
  /// - Parameter switched: told of each name that has switched, after it has.
  /// - Returns: names that should be taken away, which the destination does not do.
  func perform(_ switches: [NameSwitch], switched: @Sendable (NameSwitch) -> Void) async throws -> [String]
}

/// The right to publish at a destination.
package protocol DestinationHold: Sendable {
  func release()
}
