"""What a trained model is worth: figures taken on images it has never seen."""
