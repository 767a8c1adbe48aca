package import HostSystem
internal import ImageModel
package import SIFFormat
internal import SquashFS

/// Reads what the objects of a SIF hold, and tells what it could not read.
package struct ContentCheck {
  package private(set) var damage: [SIFFault] = []
  /// What may be damaged and was not looked into, each with the reason.
  package private(set) var unread: [SIFFault] = []

  package init(_ image: SIFImage, in file: any RandomAccessFile) {
    for object in image.objects {
      if object.type == .signature {
        unread.append(SIFFault(object.offset, "object \(object.id), a signature, was not verified"))
      } else if let partition = object.partition {
        guard partition.fileSystem == .squashfs else {
          let words =
            "the files in object \(object.id) were not read: they are in \(partition.fileSystem), not squashfs"
          unread.append(SIFFault(object.offset, words))
          continue
        }
        read(object, image, file)
      }
    }
  }

  private mutating func read(_ object: SIFDescriptor, _ image: SIFImage, _ file: any RandomAccessFile) {
    do {
      _ = try image.squashfs(object, in: file).verify()
    } catch let failure as Failure {
      if let help = failure.help, help == SquashfsReader.otherCompressors {
        let words = "the files in object \(object.id) were not read: \(failure.message), and \(help)"
        unread.append(SIFFault(object.offset, words))
      } else {
        damage.append(SIFFault(object.offset, failure.message))
      }
    } catch {
      damage.append(SIFFault(object.offset, "\(error)"))
    }
  }
}
