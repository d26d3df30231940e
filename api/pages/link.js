// A browser with a person in front of it goes on by itself. Without this script the button does the same.
document.forms[0].submit();
