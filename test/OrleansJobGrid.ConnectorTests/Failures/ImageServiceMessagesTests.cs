using OrleansJobGrid.Connectors;
using Xunit;

namespace OrleansJobGrid.ConnectorTests.Failures;

/// <summary>ComfyUI and AUTOMATIC1111: bodies as these servers send them.</summary>
public sealed class ImageServiceMessagesTests : ClassifierTestBase
{
    private static string Node(string type, string message, string details) =>
        $$$"""{"error": {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation", "details": "", "extra_info": {}}, "node_errors": { "1": { "errors": [{{{Error(type, message, details)}}}], "dependent_outputs": ["3"], "class_type": "KSampler"} } }""";

    private static string Error(string type, string message, string details) =>
        $$$"""{"type": "{{{type}}}", "message": "{{{message}}}", "details": "{{{details}}}", "extra_info": {"input_name": "x", "received_value": 1} }""";

    [Theory]
    [InlineData("value_bigger_than_max", "Value 100000 bigger than max of 16384", "width", "invalid_parameter")]
    [InlineData("value_smaller_than_min", "Value 0 smaller than min of 1", "steps", "invalid_parameter")]
    [InlineData("invalid_input_type", "Failed to convert an input value to a INT value", "seed, abc, invalid literal for int() with base 10: 'abc'", "invalid_parameter")]
    [InlineData("required_input_missing", "Required input is missing", "model", "missing_required_field")]
    [InlineData("return_type_mismatch", "Return type mismatch between linked nodes", "model, received_type(LATENT) mismatch input_type(MODEL)", "invalid_workflow")]
    [InlineData("custom_validation_failed", "Custom validation failed for node", "image - Invalid image file: no-such.png", "input_missing")]
    [InlineData("custom_validation_failed", "Custom validation failed for node", "mode - must be even", "invalid_parameter")]
    [InlineData("exception_during_validation", "Exception when validating node", "'99'", "invalid_workflow")]
    [InlineData("dependency_cycle", "Dependency cycle detected", "1 -> 2 -> 1", "invalid_workflow")]
    [InlineData("value_not_in_list", "Value not in list", "sampler_name: 'eulerr' not in ['euler', 'heun']", "invalid_parameter")]
    public void ComfyUi_AWrongWorkflow_IsMalformed(string type, string message, string details, string reason) =>
        Answered(400, Node(type, message, details), FailureClass.Malformed, reason, "submit");

    [Theory]
    [InlineData("ckpt_name: 'sd.safetensors' not in []")]
    [InlineData("ckpt_name: 'sd_xl_base_1.0.safetensors' not in ['v1-5-pruned-emaonly.ckpt']")]
    [InlineData("lora_name: 'style' not in []")]
    [InlineData("unet_name: 'flux1-dev.sft' not in (list of length 24)")]
    [InlineData("vae_name: 'ae.safetensors' not in ['taesd']")]
    [InlineData("clip_name1: 't5xxl' not in []")]
    [InlineData("control_net_name: 'canny' not in []")]
    public void ComfyUi_AModelThatIsNotThere_IsMissingHere(string details) =>
        Answered(400, Node("value_not_in_list", "Value not in list", details), FailureClass.MissingHere, "model_not_found", "submit");

    [Theory]
    [InlineData("""{"error": {"type": "invalid_prompt", "message": "Cannot execute because node NoSuchNode does not exist.", "details": "Node ID '#1'", "extra_info": {}}, "node_errors": {}}""")]
    [InlineData("""{"error": {"type": "missing_node_type", "message": "Node 'NoSuchNode' not found. The custom node may not be installed.", "details": "Node ID '#1'", "extra_info": {"node_id": "1", "class_type": "NoSuchNode", "node_title": "NoSuchNode"}}, "node_errors": {}}""")]
    public void ComfyUi_ANodeThatIsNotThere_IsMissingHere(string body) => Answered(400, body, FailureClass.MissingHere, "node_not_found", "submit");

    [Theory]
    [InlineData("""{"error": {"type": "prompt_no_outputs", "message": "Prompt has no outputs", "details": "", "extra_info": {}}, "node_errors": {}}""", "invalid_workflow")]
    [InlineData("""{"error": {"type": "invalid_prompt", "message": "Cannot execute because a node is missing the class_type property.", "details": "Node ID '#1'", "extra_info": {}}, "node_errors": {}}""", "invalid_workflow")]
    [InlineData("""{"error":{"type":"invalid_prompt_id","message":"prompt_id must be a valid UUID","details":"prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one","extra_info":{}},"node_errors":{}}""", "invalid_payload")]
    [InlineData("""{"error": {"type":"no_prompt","message":"No prompt provided","details":"No prompt provided","extra_info":{}},"node_errors":{}}""", "missing_required_field")]
    [InlineData("""{"error": "no prompt", "node_errors": []}""", "missing_required_field")]
    [InlineData("""{"error": {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation", "details": "", "extra_info": {}}, "node_errors": []}""", "invalid_workflow")]
    public void ComfyUi_AWrongPrompt_IsMalformed(string body, string reason) => Answered(400, body, FailureClass.Malformed, reason, "submit");

    [Fact]
    public void ComfyUi_WhatIsWrongEverywhere_ComesBeforeWhatIsMissingHere()
    {
        var both = Node("value_not_in_list", "Value not in list", "ckpt_name: 'sd.safetensors' not in []").Replace("\"errors\": [",
            "\"errors\": [" + Error("value_bigger_than_max", "Value 100000 bigger than max of 16384", "width") + ", ", StringComparison.Ordinal);
        Answered(400, both, FailureClass.Malformed, "invalid_parameter", "submit");
    }

    [Fact]
    public void ComfyUi_InTrouble_IsMalformedWhereAPromptWasPosted_AndPassesElsewhere()
    {
        const string trouble = "500 Internal Server Error\n\nServer got itself in trouble";
        Answered(500, trouble, FailureClass.Malformed, "invalid_payload", "submit");
        Answered(500, trouble, FailureClass.Transient, "internal_error", "run");
    }

    [Theory]
    [InlineData("PIL.UnidentifiedImageError", "cannot identify image file <_io.BytesIO object at 0x7f0a>", FailureClass.Malformed, "unsupported_format")]
    [InlineData("RuntimeError", "mat1 and mat2 shapes cannot be multiplied (154x2048 and 768x320)", FailureClass.Malformed, "incompatible_inputs")]
    [InlineData("RuntimeError", "Given groups=1, weight of size [320, 4, 3, 3], expected input[2, 16, 128, 128] to have 4 channels, but got 16 channels instead", FailureClass.Malformed, "incompatible_inputs")]
    [InlineData("safetensors_rust.SafetensorError", "Error while deserializing header: HeaderTooLarge", FailureClass.MissingHere, "model_load_failed")]
    [InlineData("RuntimeError", "PytorchStreamReader failed reading zip archive: failed finding central directory", FailureClass.MissingHere, "model_load_failed")]
    [InlineData("ModuleNotFoundError", "No module named 'insightface'", FailureClass.MissingHere, "node_not_found")]
    [InlineData("FileNotFoundError", "[Errno 2] No such file or directory: '/models/checkpoints/sd.safetensors'", FailureClass.MissingHere, "model_not_found")]
    [InlineData("RuntimeError", "boom\n", FailureClass.Transient, "unknown_error")]
    public void ComfyUi_AnExecutionError_SaysWhatItsExceptionSays(string type, string message, FailureClass failureClass, string reason) =>
        Told(type, message, failureClass, reason);

    [Theory]
    [InlineData(404, """{"detail":"Sampler not found"}""", FailureClass.Malformed, "invalid_parameter")]
    [InlineData(404, """{"error":"HTTPException","detail":"Sampler not found","body":"","errors":""}""", FailureClass.Malformed, "invalid_parameter")]
    [InlineData(404, """{"error":"HTTPException","detail":"Init image not found","body":"","errors":""}""", FailureClass.Malformed, "input_missing")]
    [InlineData(422, """{"error":"HTTPException","detail":"Script 'adetailer' not found","body":"","errors":""}""", FailureClass.MissingHere, "node_not_found")]
    [InlineData(422, """{"detail":[{"loc":["body","steps"],"msg":"value is not a valid integer","type":"type_error.integer"}]}""", FailureClass.Malformed, "invalid_parameter")]
    [InlineData(422, """{"detail":[{"type":"missing","loc":["body","prompt"],"msg":"Field required","input":{}}]}""", FailureClass.Malformed, "missing_required_field")]
    [InlineData(422, """{"detail":[{"type":"less_than_equal","loc":["body","steps"],"msg":"Input should be less than or equal to 150","input":900}]}""", FailureClass.Malformed, "invalid_parameter")]
    [InlineData(500, """{"error":"RuntimeError","detail":"","body":"","errors":"Unknown checkpoint: no-such-model"}""", FailureClass.MissingHere, "model_not_found")]
    [InlineData(500, """{"error":"RuntimeError","detail":"","body":"","errors":"model 'no-such-model' not found"}""", FailureClass.MissingHere, "model_not_found")]
    [InlineData(500, """{"error":"HTTPException","detail":"Invalid encoded image","body":"","errors":""}""", FailureClass.Malformed, "unsupported_format")]
    [InlineData(500, """{"error":"TypeError","detail":"","body":"","errors":"'NoneType' object is not iterable"}""", FailureClass.Transient, "internal_error")]
    [InlineData(401, """{"detail":"Incorrect username or password"}""", FailureClass.Unauthorized, "invalid_credentials")]
    [InlineData(404, """{"detail":"Not Found"}""", FailureClass.MissingHere, "endpoint_not_found")]
    public void A1111_AnError_SaysWhatItMeans(int status, string body, FailureClass failureClass, string reason) => Answered(status, body, failureClass, reason);
}
