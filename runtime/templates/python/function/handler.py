def handle(event, context):
    return {
        "statusCode": 200,
        "body": {
            "body": event.body.decode(),
            "method": event.method,
            "path": event.path,
        },
    }
