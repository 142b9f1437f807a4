extension WeightsError {
    /// What is wrong, for whoever sent the file: one sentence without its full stop.
    package var sentence: String {
        switch self {
        case .unreadable: "The file cannot be read"
        case .unwritable: "The file cannot be written"
        case .update(let index, let error): "Update \(index): \(error.sentence)"
        case .noUpdates: "There is nothing to average"
        case .sourceEnded(let offset): "The file ends at byte \(offset), in the middle of something"
        case .zip(let violation): "The archive is broken: \(violation.phrase)"
        case .member(let name, let violation): "The member \(name) of the archive \(violation.phrase)"
        case .unexpectedMember(let name): "The archive has a member \(name), where 0.npy, 1.npy and so on are read"
        case .missingMember(let name): "The archive has no member \(name)"
        case .arrayHeader(let name, let violation): "The array in \(name) \(violation.phrase)"
        case .arrayByteCount(let name, let expected, let found):
            "The array in \(name) has \(found) bytes, where its header says \(expected)"
        case .unevenByteCount(let byteCount, let elementByteCount):
            "\(byteCount) bytes are no whole number of elements of \(elementByteCount) bytes"
        case .tooLarge(let byteCount, let byteCountMax): "\(byteCount) bytes are too many; \(byteCountMax) are allowed"
        case .unknownFormat: "The file is in no known format"
        case .notAnArchive: "The file is no .npz archive, which numpyhelper reads"
        case .metadata(let violation): "The container's metadata.json \(violation.phrase)"
        case .formatMismatch(let expected, let found): "The weights are of \(found), not of \(expected)"
        case .newerVersion(let found, let supported):
            "The container is of version \(found); this server knows up to \(supported)"
        case .invalidWeight(let weight): "\(weight) is no weight: num_examples must be a positive number"
        case .arrayCountMismatch(let expected, let found): "There are \(found) arrays, where \(expected) are expected"
        case .shapeMismatch(let array, let expected, let found):
            "Array \(array) has the shape \(found), where \(expected) is expected"
        case .elementTypeMismatch(let array, let expected, let found):
            "Array \(array) has elements of type \(found), where \(expected) is expected"
        case .notAveraged(let array, let type): "Array \(array) has elements of type \(type), which have no mean"
        }
    }
}

extension ZipViolation {
    fileprivate var phrase: String {
        switch self {
        case .noEndOfDirectory: "it has no end record"
        case .multiDisk: "it is a part of several"
        case .directory(let offset): "its directory is wrong at byte \(offset)"
        case .misplacedDirectory: "its directory is not where it should be"
        case .tooManyMembers(let count, let countMax): "\(count) members, where \(countMax) are allowed"
        case .directoryTooLarge(let byteCount, let byteCountMax):
            "a directory of \(byteCount) bytes, where \(byteCountMax) are allowed"
        case .nameTooLong(let byteCount, let byteCountMax):
            "a name of \(byteCount) bytes, where \(byteCountMax) are allowed"
        case .invalidName: "a member has an impossible name"
        case .duplicateName(let name): "two members are called \(name)"
        }
    }
}

extension MemberViolation {
    fileprivate var phrase: String {
        switch self {
        case .encrypted: "is encrypted"
        case .unsupportedMethod(let method): "is compressed by method \(method); stored and deflated ones are read"
        case .sizes: "is stored, but has two sizes"
        case .localHeader(let offset): "has another header than its own, at byte \(offset)"
        case .overlap: "reaches into what follows it"
        case .deflate(let offset): "is broken at byte \(offset)"
        case .declaredByteCount(let byteCount): "does not have the \(byteCount) bytes it should"
        case .checksum: "does not match its checksum"
        case .tooLarge(let byteCount, let byteCountMax):
            "has \(byteCount) bytes, where \(byteCountMax) are allowed"
        case .tooManyRewinds: "cannot be read without inflating it over and over"
        }
    }
}

extension ArrayHeaderViolation {
    fileprivate var phrase: String {
        switch self {
        case .magic: "does not begin as a .npy file does"
        case .version(let major, let minor): "is in version \(major).\(minor), which is not known"
        case .tooLong(let byteCount, let byteCountMax):
            "has a header of \(byteCount) bytes, where \(byteCountMax) are allowed"
        case .truncated: "ends in its header"
        case .syntax(let offset): "has a header that cannot be read, at character \(offset)"
        case .unsupportedElementType(let type): "has elements of type \(type), which are not numbers"
        case .shapeTooLarge: "is larger than any file"
        }
    }
}

extension MetadataViolation {
    fileprivate var phrase: String {
        switch self {
        case .tooLong(let byteCount, let byteCountMax): "has \(byteCount) bytes, where \(byteCountMax) are allowed"
        case .syntax(let offset): "is not JSON, at byte \(offset)"
        case .notAnObject: "is not an object"
        case .field(let name): "has a wrong '\(name)'"
        case .unknownHelper(let name): "names a helper '\(name)' that is not known"
        }
    }
}
