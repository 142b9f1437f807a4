/// The format of a model's file, as its bytes and the suffix of its name show.
///
/// The raw value is `contents.format` of the model's document.
package enum FileFormat: String, Sendable, Hashable, CaseIterable {
    // Formats that are averaged.

    case npz
    /// The client's ScaleoutModel container.
    case scaleout
    /// A vector of floats without a header, for binaryhelper and androidhelper.
    case raw

    // Formats that are stored only.

    case npy
    case safetensors
    case gguf
    case pytorch
    case onnx
    case keras
    case hdf5
    case tflite
    case pickle
    case zip
    case unknown

    /// The formats that a suffix stands for if the bytes do not show another one.
    private static let bySuffix: [String: FileFormat] = [
        "npy": .npy, "safetensors": .safetensors, "gguf": .gguf, "pt": .pytorch, "pth": .pytorch, "onnx": .onnx,
        "keras": .keras, "h5": .hdf5, "hdf5": .hdf5, "tflite": .tflite, "pkl": .pickle, "pickle": .pickle,
        "joblib": .pickle,
    ]

    /// The format in a sentence: `a PyTorch file`.
    var phrase: String {
        switch self {
        case .npz: "an .npz archive"
        case .scaleout: "a ScaleoutModel container"
        case .raw: "a vector without a header"
        case .npy: "an .npy file"
        case .safetensors: "a safetensors file"
        case .gguf: "a GGUF file"
        case .pytorch: "a PyTorch file"
        case .onnx: "an ONNX file"
        case .keras: "a Keras file"
        case .hdf5: "an HDF5 file"
        case .tflite: "a TensorFlow Lite file"
        case .pickle: "a Python pickle"
        case .zip: "a ZIP archive of another kind"
        case .unknown: "in an unknown format"
        }
    }

    /// Finds the format: from the members of an archive, else from the first bytes, else from the suffix of the name.
    ///
    /// A file that shows none of these is a vector if the helper reads vectors.
    static func detect(
        _ source: any ByteSource,
        _ archive: ZipArchive?,
        named name: String,
        for helper: WeightsFormat
    ) throws(WeightsError) -> FileFormat {
        if let archive { return of(archive) }
        if let format = of(try source.bytes(at: 0, count: Int(min(source.byteCount, 9))), source.byteCount) {
            return format
        }
        return bySuffix[suffix(of: name)] ?? (helper.rawElementType == nil ? .unknown : .raw)
    }

    /// The part of a file name after its last dot, in lower case; empty if there is no dot.
    static func suffix(of name: String) -> String {
        guard let dot = name.lastIndex(of: ".") else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }

    private static func of(_ archive: ZipArchive) -> FileFormat {
        func has(_ name: String) -> Bool { archive.member(named: name) != nil }
        if has("config.json"), has("model.weights.h5") { return .keras }
        if has(Container.metadataName) { return .scaleout }
        if archive.members.contains(where: { $0.name.hasSuffix("/data.pkl") }) { return .pytorch }
        let isOfArrays = archive.members.allSatisfy { $0.name.hasSuffix(NumpyArchive.memberSuffix) }
        return isOfArrays ? .npz : .zip
    }

    /// Finds a format by the first nine bytes of a file; only by marks that no vector has by accident.
    private static func of(_ start: [UInt8], _ byteCount: Int64) -> FileFormat? {
        if start.starts(with: ArrayHeader.magic) { return .npy }
        if start.starts(with: GGUFHeader.magic) { return .gguf }
        if start.starts(with: [0x89] + Array("HDF\r\n".utf8)) { return .hdf5 }
        if start.dropFirst(4).starts(with: Array("TFL3".utf8)) { return .tflite }
        return SafetensorsHeader.begins(start, byteCount) ? .safetensors : nil
    }
}
