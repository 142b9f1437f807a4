internal import Blobs
internal import Weights

/// Why updates could not be averaged, or one of them could not be used.
enum AveragingError: Error, Sendable {
    case weights(WeightsError)
    case blob(BlobError)
    case upload(UploadError)

    /// For the log of the network, which participants read.
    var sentence: String {
        switch self {
        case .weights(let error): error.message
        case .blob(.notFound): "its bytes are not there"
        case .blob(.corrupt): "its stored bytes are damaged"
        case .blob(.disk(let error)): "the disk failed: \(error)"
        case .upload(.noSpace): "the disk is full"
        case .upload(let error): "\(error)"
        }
    }
}

extension ModelFile {
    /// Requires as many arrays as another model has, of the same shapes.
    func expectShapes(of other: ModelFile) throws(WeightsError) {
        guard arrays.count == other.arrays.count else {
            throw .arrayCountMismatch(expected: other.arrays.count, found: arrays.count)
        }
        for (index, (array, expected)) in zip(arrays, other.arrays).enumerated() where array.shape != expected.shape {
            throw .shapeMismatch(array: index, expected: expected.shape, found: array.shape)
        }
    }

    func hasTypes(of other: ModelFile) -> Bool {
        arrays.map(\.elementType) == other.arrays.map(\.elementType)
    }
}

extension WeightsFormat {
    /// What a file of this format is called.
    var fileExtension: String {
        self == .numpy ? "npz" : "bin"
    }
}
