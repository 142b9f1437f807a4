/// A model file that cannot be read, or models that cannot be averaged.
package indirect enum WeightsError: Error, Sendable, Hashable {
    // The caller's source or sink failed.
    case unreadable(Underlying)
    case unwritable(Underlying)
    /// A source returned fewer bytes than its `byteCount`.
    case sourceEnded(at: Int64)

    case emptyFile
    /// The header of a file that is stored only is malformed or too long.
    case header

    // The archive and its members.
    case zip(ZipViolation)
    case member(String, MemberViolation)

    // The arrays in it.
    /// A member that the client does not read: it reads `0.npy`, `1.npy` and so on, as many as there are members.
    case unexpectedMember(String)
    case missingMember(String)
    case arrayHeader(member: String, ArrayHeaderViolation)
    /// The number of bytes after the header does not match the shape and the element type.
    case arrayByteCount(member: String, expected: Int64, found: Int64)
    /// The length of a raw vector is not a multiple of the element size.
    case unevenByteCount(byteCount: Int64, elementByteCount: Int)
    case tooLarge(byteCount: Int64, byteCountMax: Int64)

    // The container.
    /// The file is no archive, and its raw format is not known.
    case unknownFormat
    /// The file is no archive, but the client's numpyhelper reads only archives.
    case notAnArchive
    case metadata(MetadataViolation)
    /// The weights were written by another helper than the expected one or than the first update's.
    case formatMismatch(expected: String, found: String)
    case newerVersion(found: Int64, supported: Int64)

    // Averaging.
    case noUpdates
    /// The update with this index, from 0, is invalid; the others may still be averaged.
    case update(Int, WeightsError)
    /// The weight is not positive and finite, or makes the sum of all weights infinite.
    case invalidWeight(Double)
    case arrayCountMismatch(expected: Int, found: Int)
    case shapeMismatch(array: Int, expected: [Int], found: [Int])
    case elementTypeMismatch(array: Int, expected: ElementType, found: ElementType)
    /// Booleans have no mean.
    case notAveraged(array: Int, ElementType)
}

/// A ZIP archive that is malformed or that ZIP readers interpret differently.
package enum ZipViolation: Sendable, Hashable {
    /// The end-of-directory record is missing, or bytes follow it.
    case noEndOfDirectory
    case multiDisk
    /// Two records contradict each other, or a record is truncated.
    case directory(offset: Int64)
    /// The directory is not directly before its end record.
    case misplacedDirectory
    case tooManyMembers(count: UInt64, countMax: Int)
    case directoryTooLarge(byteCount: UInt64, byteCountMax: Int)
    case nameTooLong(byteCount: Int, byteCountMax: Int)
    /// The name is empty or contains a NUL, at which other readers truncate it.
    case invalidName(String)
    case duplicateName(String)
}

/// A malformed or unsupported member of an archive.
package enum MemberViolation: Sendable, Hashable {
    case encrypted
    /// Neither stored (0) nor deflated (8).
    case unsupportedMethod(UInt16)
    /// A stored member whose two sizes differ.
    case sizes
    /// The local header does not match the directory entry.
    case localHeader(offset: Int64)
    /// The member overlaps the next member or the directory.
    case overlap
    case deflate(offset: Int64)
    /// The inflated data is shorter or longer than the size in the directory.
    case declaredByteCount(Int64)
    case checksum(expected: UInt32, found: UInt32)
    case tooLarge(byteCount: UInt64, byteCountMax: Int64)
    /// Reading the members of a deflated archive in this order would inflate it too often.
    case tooManyRewinds
}

/// A malformed or unsupported header of an array file.
package enum ArrayHeaderViolation: Error, Sendable, Hashable {
    /// The magic number of `.npy` files is missing.
    case magic
    case version(major: UInt8, minor: UInt8)
    case tooLong(byteCount: Int, byteCountMax: Int)
    case truncated
    /// The dictionary is malformed; the offset is relative to its first byte.
    case syntax(offset: Int)
    /// `descr` is not a numeric type.
    case unsupportedElementType(String)
    /// The array has more dimensions than numpy supports, or its size overflows.
    case shapeTooLarge
}

/// An invalid `metadata.json` of a container.
package enum MetadataViolation: Sendable, Hashable {
    case tooLong(byteCount: Int64, byteCountMax: Int)
    /// The bytes are not JSON; parsing failed at this offset.
    case syntax(offset: Int)
    case notAnObject
    /// A member has a value of the wrong type.
    case field(String)
    case unknownHelper(String)
}

/// The error of a caller's source or sink, unchanged.
///
/// Two such errors are equal if their descriptions are.
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
