extension WeightsError {
    /// The error as a message for the client that sent the file: one sentence without its full stop.
    package var message: String {
        switch self {
        case .unreadable: "The file cannot be read"
        case .unwritable: "The file cannot be written"
        case .update(let index, let error): "Update \(index): \(error.message)"
        case .noUpdates: "There are no updates to average"
        case .emptyFile: "The file is empty"
        case .header: "The header of the file is malformed"
        case .sourceEnded(let offset): "The file is truncated at byte \(offset)"
        case .zip(let violation): "The ZIP archive is invalid: \(violation.phrase)"
        case .member(let name, let violation): "The member \(name) of the archive \(violation.phrase)"
        case .unexpectedMember(let name):
            "Arrays must be named 0.npy, 1.npy, 2.npy and so on, or arr_0.npy and so on; found \(name). "
                + "Save with np.savez(path, *arrays)"
        case .missingMember(let name): "The archive has no member \(name)"
        case .arrayHeader(let name, let violation): "The array in \(name) \(violation.phrase)"
        case .arrayByteCount(let name, let expected, let found):
            "The array in \(name) has \(found) bytes; its header declares \(expected)"
        case .unevenByteCount(let byteCount, let elementByteCount):
            "The file has \(byteCount) bytes, which is not a multiple of the element size of \(elementByteCount) bytes"
        case .tooLarge(let byteCount, let byteCountMax):
            "The array has \(byteCount) bytes; at most \(byteCountMax) are allowed"
        case .unknownFormat: "The file is in no known format: neither a model container nor an .npz archive"
        case .notAnArchive: "The file is not an .npz archive, which numpyhelper requires"
        case .metadata(let violation): "The container's metadata.json \(violation.phrase)"
        case .formatMismatch(let expected, let found): "The weights were written by \(found); expected \(expected)"
        case .newerVersion(let found, let supported):
            "The container has version \(found); this server supports versions up to \(supported)"
        case .invalidWeight(let weight): "The weight is \(weight); num_examples must be a positive number"
        case .arrayCountMismatch(let expected, let found): "The model has \(found) arrays; expected \(expected)"
        case .shapeMismatch(let array, let expected, let found):
            "Array \(array) has the shape \(found); expected \(expected)"
        case .elementTypeMismatch(let array, let expected, let found):
            "Array \(array) has elements of type \(found.name); expected \(expected.name)"
        case .notAveraged(let array, let type):
            "Array \(array) has elements of type \(type.name), which cannot be averaged"
        }
    }
}

extension ZipViolation {
    fileprivate var phrase: String {
        switch self {
        case .noEndOfDirectory: "the end-of-directory record is missing or not at the end"
        case .multiDisk: "multi-part archives are not supported"
        case .directory(let offset): "its directory is malformed at byte \(offset)"
        case .misplacedDirectory: "its directory is not directly before the end record"
        case .tooManyMembers(let count, let countMax): "it has \(count) members; at most \(countMax) are allowed"
        case .directoryTooLarge(let byteCount, let byteCountMax):
            "its directory has \(byteCount) bytes; at most \(byteCountMax) are allowed"
        case .nameTooLong(let byteCount, let byteCountMax):
            "a member's name has \(byteCount) bytes; at most \(byteCountMax) are allowed"
        case .invalidName: "a member's name is empty or contains a NUL"
        case .duplicateName(let name): "two members are named \(name)"
        }
    }
}

extension MemberViolation {
    fileprivate var phrase: String {
        switch self {
        case .encrypted: "is encrypted"
        case .unsupportedMethod(let method):
            "is compressed by method \(method); supported are 0 (stored) and 8 (deflated)"
        case .sizes: "is stored without compression, but its two sizes differ"
        case .localHeader(let offset): "has a local header at byte \(offset) that does not match the directory"
        case .overlap: "overlaps what follows it"
        case .deflate(let offset): "has invalid compressed bytes at byte \(offset)"
        case .declaredByteCount(let byteCount): "does not have the declared size of \(byteCount) bytes"
        case .checksum: "does not match its checksum"
        case .tooLarge(let byteCount, let byteCountMax):
            "has \(byteCount) bytes; at most \(byteCountMax) are allowed"
        case .tooManyRewinds: "is ordered so that reading it would inflate it too often"
        }
    }
}

extension ArrayHeaderViolation {
    fileprivate var phrase: String {
        switch self {
        case .magic: "is not a .npy file"
        case .version(let major, let minor): "has the .npy version \(major).\(minor); supported are 1.0 to 3.0"
        case .tooLong(let byteCount, let byteCountMax):
            "has a header of \(byteCount) bytes; at most \(byteCountMax) are allowed"
        case .truncated: "has a truncated header"
        case .syntax(let offset): "has a header with a syntax error at character \(offset)"
        case .unsupportedElementType(let type): "has elements of type \(type); only numbers are supported"
        case .shapeTooLarge: "has too many dimensions or elements"
        }
    }
}

extension MetadataViolation {
    fileprivate var phrase: String {
        switch self {
        case .tooLong(let byteCount, let byteCountMax): "has \(byteCount) bytes; at most \(byteCountMax) are allowed"
        case .syntax(let offset): "is not valid JSON at byte \(offset)"
        case .notAnObject: "is not a JSON object"
        case .field(let name): "has a '\(name)' of the wrong type"
        case .unknownHelper(let name): "names an unknown helper '\(name)'"
        }
    }
}
