/// Why the bytes of a model cannot be read, or models cannot be averaged, and at which place.
///
/// The cases carry values; the sentences for client and log are made at the edge.
package indirect enum WeightsError: Error, Sendable, Hashable {
    // The caller's own source or sink failed, and with what.
    case unreadable(Underlying)
    case unwritable(Underlying)
    /// A source gave fewer bytes than its `byteCount` says.
    case sourceEnded(at: Int64)

    // The archive and its members.
    case zip(ZipViolation)
    case member(String, MemberViolation)

    // The arrays in it.
    /// A member that the client does not look for: it reads `0.npy`, `1.npy` and so on, as many as there are members.
    case unexpectedMember(String)
    case missingMember(String)
    case arrayHeader(member: String, ArrayHeaderViolation)
    /// The member holds more or fewer bytes after its header than shape and element type say.
    case arrayByteCount(member: String, expected: Int64, found: Int64)
    /// A raw vector is not a whole number of elements.
    case unevenByteCount(byteCount: Int64, elementByteCount: Int)
    case tooLarge(byteCount: Int64, byteCountMax: Int64)

    // The container.
    /// The bytes are no archive, and nothing says which raw format they have.
    case unknownFormat
    /// The client's numpyhelper reads archives only.
    case notAnArchive
    case metadata(MetadataViolation)
    /// The weights were written by another helper than the one that is to read them, or than the first update's.
    case formatMismatch(expected: String, found: String)
    case newerVersion(found: Int64, supported: Int64)

    // Averaging.
    case noUpdates
    /// The update at this place, from 0, is the reason: without it the others may be averaged.
    case update(Int, WeightsError)
    /// Not a positive, finite number; or one that makes the sum of all weights infinite.
    case invalidWeight(Double)
    case arrayCountMismatch(expected: Int, found: Int)
    case shapeMismatch(array: Int, expected: [Int], found: [Int])
    case elementTypeMismatch(array: Int, expected: ElementType, found: ElementType)
    /// Truth values have no mean.
    case notAveraged(array: Int, ElementType)
}

/// What makes bytes no archive that is taken: what is unusual is refused, as readers disagree on what it means.
package enum ZipViolation: Sendable, Hashable {
    /// No record says where the directory is, or something follows it.
    case noEndOfDirectory
    case multiDisk
    /// Two records that must agree do not, or a record is cut short.
    case directory(offset: Int64)
    /// The directory does not lie directly before its end record.
    case misplacedDirectory
    case tooManyMembers(count: UInt64, countMax: Int)
    case directoryTooLarge(byteCount: UInt64, byteCountMax: Int)
    case nameTooLong(byteCount: Int, byteCountMax: Int)
    /// The name is empty, or has a NUL in it, which other readers cut it at.
    case invalidName(String)
    case duplicateName(String)
}

/// What is wrong with one member of an archive.
package enum MemberViolation: Sendable, Hashable {
    case encrypted
    /// Neither stored (0) nor deflated (8).
    case unsupportedMethod(UInt16)
    /// A stored member whose two sizes differ.
    case sizes
    /// The header before the data is not that of this member.
    case localHeader(offset: Int64)
    /// It reaches past the directory or into the next member.
    case overlap
    case deflate(offset: Int64)
    /// The data ends before, or goes on after, the size in the directory.
    case declaredByteCount(Int64)
    case checksum(expected: UInt32, found: UInt32)
    case tooLarge(byteCount: UInt64, byteCountMax: Int64)
    /// A deflated archive was asked to go back so often that inflating it again would take too long.
    case tooManyRewinds
}

/// What is wrong with the header of an array file.
package enum ArrayHeaderViolation: Error, Sendable, Hashable {
    /// It does not begin as every `.npy` does.
    case magic
    case version(major: UInt8, minor: UInt8)
    case tooLong(byteCount: Int, byteCountMax: Int)
    case truncated
    /// The dictionary is not one that numpy writes; the offset is from its first byte.
    case syntax(offset: Int)
    /// `descr` names elements that cannot be averaged, as objects and text.
    case unsupportedElementType(String)
    /// More dimensions than numpy knows, or more bytes than a file can have.
    case shapeTooLarge
}

/// What is wrong with the `metadata.json` of a container.
package enum MetadataViolation: Sendable, Hashable {
    case tooLong(byteCount: Int64, byteCountMax: Int)
    /// Not JSON; the offset is where reading stopped.
    case syntax(offset: Int)
    case notAnObject
    /// A field that has a meaning has a value of another type.
    case field(String)
    case unknownHelper(String)
}

/// An error of the caller's own, carried through unchanged.
///
/// Two are equal when they print alike.
package struct Underlying: Sendable, Hashable {
    package let error: any Error

    package init(_ error: any Error) {
        self.error = error
    }

    package static func == (left: Underlying, right: Underlying) -> Bool {
        String(describing: left.error) == String(describing: right.error)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(String(describing: error))
    }
}
